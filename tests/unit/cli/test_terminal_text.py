"""Chinese characters take two cells."""

from __future__ import annotations

import json

import msgspec
import pytest

from filmgate.cli.terminal_text import display_width, escape_json, sanitize, wrap


def test_cells_are_counted() -> None:
    """A Latin letter is one, a Chinese one two."""
    assert display_width("abc") == 3
    assert display_width("中文 a") == 6


@pytest.mark.parametrize("width", [10, 17, 40])
def test_no_line_is_wider_than_it_may(width: int) -> None:
    """Mixed text keeps to the width, loses nothing, and begins no line with a full stop."""
    text = "未给出时依次取 OPENAI_KEY 等变量，都没有则使用内置的引擎。"
    lines = wrap(text, width)
    assert all(display_width(line) <= max(width, display_width("OPENAI_KEY")) + 2 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("，", "。")) for line in lines)


def test_no_text_is_one_empty_line() -> None:
    """The caller always has a first line."""
    assert wrap("", 10) == [""]


def test_nothing_steers_the_terminal() -> None:
    """Sequences are shown as what they are; tabs and line ends are our own; JSON stays what it says."""
    said = "\x1b[31mred\x9b2J\x07\u202egnp\tfour\n"
    assert sanitize(said) == "\ufffd[31mred\ufffd2J\ufffd\ufffdgnp\tfour\n"
    assert json.loads(escape_json(msgspec.json.encode(said).decode())) == said
    assert sanitize("锦鲤 — é\u200d") == "锦鲤 — é\u200d"
