"""Prompts from the command line, from files with a head, from standard input."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.cli.inputs.prompts import VideoSpec, parse_prompt, read_prompt
from filmgate.errors import SettingsError

FILE = """---
# a film for the landing page
model: sora-2-pro
size: "1280x720"
seconds: 8          # the longest that is needed
image: dog.png
seed: 7
---
A golden retriever
runs along a beach.
"""


def _never() -> str:
    raise AssertionError("standard input was read")


def test_a_prompt_is_itself() -> None:
    """Also where it begins with a name, as prompts with a cameo do."""
    assert read_prompt("a dog", _never) == VideoSpec(prompt="a dog")
    assert read_prompt("@alice dances in the rain", _never).prompt == "@alice dances in the rain"


def test_a_file_brings_its_parameters(tmp_path: Path) -> None:
    """Its head says them, its picture lies beside it, the rest is the prompt, a byte-order mark is none of it."""
    (tmp_path / "dog.md").write_text(f"\ufeff{FILE}", encoding="utf-8")
    assert read_prompt(f"@{tmp_path / 'dog.md'}", _never) == VideoSpec(
        prompt="A golden retriever\nruns along a beach.",
        model="sora-2-pro",
        size="1280x720",
        seconds="8",
        input_reference=str(tmp_path / "dog.png"),
        seed=7,
    )


def test_a_file_needs_no_head(tmp_path: Path) -> None:
    """Plain text is all prompt, whatever it looks like further down."""
    (tmp_path / "dog.txt").write_text("a dog\n---\nsize: 1\n---\n", encoding="utf-8")
    assert read_prompt(f"@{tmp_path / 'dog.txt'}", _never).prompt == "a dog\n---\nsize: 1\n---"
    assert parse_prompt("---\n---\r\na dog", tmp_path) == VideoSpec(prompt="a dog")


def test_standard_input_may_have_a_head() -> None:
    """``-`` reads to its end."""
    assert read_prompt("-", lambda: "---\r\nseconds: '4'\r\n---\r\n雪山日出\r\n") == VideoSpec(
        prompt="雪山日出", seconds="4"
    )


@pytest.mark.parametrize("line", ["colour: red", "just words", "seed: seven", "fit: stretch", "prompt: twice"])
def test_a_head_that_is_not_understood_is_told(line: str) -> None:
    """A mistyped parameter would cost a film."""
    with pytest.raises(SettingsError):
        parse_prompt(f"---\n{line}\n---\na dog", Path())


def test_a_missing_file_is_told() -> None:
    """Rather than taken for a prompt."""
    with pytest.raises(FileNotFoundError):
        read_prompt("@no-such-file.md", _never)


def test_what_is_said_nearer_counts() -> None:
    """A wish takes from others only what it does not say itself."""
    wish = VideoSpec(prompt="a dog", size="1280x720").with_defaults({"size": "720x1280", "seconds": "8", "model": None})
    assert wish.fields() == {"prompt": "a dog", "size": "1280x720", "seconds": "8"}


@given(st.text())
def test_any_argument_is_a_prompt_or_a_told_mistake(text: str) -> None:
    """Nothing else comes of it."""
    try:
        assert read_prompt(text, lambda: "").prompt is not None
    except (SettingsError, OSError, ValueError):
        assert text.startswith("@")
