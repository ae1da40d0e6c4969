"""Text on a terminal: width, wrapping and control characters."""

from __future__ import annotations

import json

import msgspec
import pytest

from filmgate.cli.terminal_text import display_width, escape_json, sanitize, wrap


def test_a_chinese_character_is_two_cells_wide() -> None:
    """A Latin letter is one cell wide."""
    assert display_width("abc") == 3
    assert display_width("中文 a") == 6


@pytest.mark.parametrize("width", [10, 17, 40])
def test_wrapped_lines_keep_to_the_width(width: int) -> None:
    """Mixed text loses nothing, and no line begins with closing punctuation."""
    text = "未给出时依次取 OPENAI_KEY 等变量，都没有则使用内置的引擎。"
    lines = wrap(text, width)
    assert all(display_width(line) <= max(width, display_width("OPENAI_KEY")) + 2 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "。")) for line in lines)


def test_empty_text_wraps_to_one_empty_line() -> None:
    """Callers rely on a first line."""
    assert wrap("", 10) == [""]


def test_control_characters_are_replaced() -> None:
    """Tabs and line ends stay; escaped JSON decodes to the same value."""
    hostile = "\x1b[31mred\x9b2J\x07\u202egnp\tfour\n"
    assert sanitize(hostile) == "\ufffd[31mred\ufffd2J\ufffd\ufffdgnp\tfour\n"
    assert json.loads(escape_json(msgspec.json.encode(hostile).decode())) == hostile
    assert sanitize("锦鲤 — é\u200d") == "锦鲤 — é\u200d"
