"""Prompts from the command line, from files with front matter, from standard input."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.cli.inputs.prompts import VideoSpec, parse_prompt, read_prompt
from filmgate.errors import SettingsError

FILE = """---
# a video for the landing page
model: sora-2-pro
size: "1280x720"
seconds: 8          # the longest needed
image: dog.png
seed: 7
---
A golden retriever
runs along a beach.
"""


def _never() -> str:
    raise AssertionError("standard input was read")


def test_an_argument_is_the_prompt() -> None:
    """Also if it begins with ``@alice``, as prompts with a cameo do."""
    assert read_prompt("a dog", _never) == VideoSpec(prompt="a dog")
    assert read_prompt("@alice dances in the rain", _never).prompt == "@alice dances in the rain"


def test_a_file_sets_parameters_in_its_front_matter(tmp_path: Path) -> None:
    """Image paths are relative to the file; a byte-order mark is ignored."""
    (tmp_path / "dog.md").write_text(f"\ufeff{FILE}", encoding="utf-8")
    assert read_prompt(f"@{tmp_path / 'dog.md'}", _never) == VideoSpec(
        prompt="A golden retriever\nruns along a beach.",
        model="sora-2-pro",
        size="1280x720",
        seconds="8",
        input_reference=str(tmp_path / "dog.png"),
        seed=7,
    )


def test_front_matter_is_optional(tmp_path: Path) -> None:
    """In plain text, later lines of ``---`` belong to the prompt."""
    (tmp_path / "dog.txt").write_text("a dog\n---\nsize: 1\n---\n", encoding="utf-8")
    assert read_prompt(f"@{tmp_path / 'dog.txt'}", _never).prompt == "a dog\n---\nsize: 1\n---"
    assert parse_prompt("---\n---\r\na dog", tmp_path) == VideoSpec(prompt="a dog")


def test_standard_input_may_have_front_matter() -> None:
    """``-`` reads to the end."""
    assert read_prompt("-", lambda: "---\r\nseconds: '4'\r\n---\r\n雪山日出\r\n") == VideoSpec(
        prompt="雪山日出", seconds="4"
    )


@pytest.mark.parametrize("line", ["colour: red", "just words", "seed: seven", "fit: stretch", "prompt: twice"])
def test_invalid_front_matter_is_an_error(line: str) -> None:
    """A mistyped parameter would cost a video."""
    with pytest.raises(SettingsError):
        parse_prompt(f"---\n{line}\n---\na dog", Path())


def test_a_missing_file_is_an_error() -> None:
    """It is not taken for a prompt."""
    with pytest.raises(FileNotFoundError):
        read_prompt("@no-such-file.md", _never)


def test_defaults_fill_in_unset_parameters() -> None:
    """Set parameters take precedence."""
    spec = VideoSpec(prompt="a dog", size="1280x720").with_defaults({"size": "720x1280", "seconds": "8", "model": None})
    assert spec.fields() == {"prompt": "a dog", "size": "1280x720", "seconds": "8"}


@given(st.text())
def test_any_argument_is_a_prompt_or_an_error(text: str) -> None:
    """Only arguments with ``@`` can fail."""
    try:
        assert read_prompt(text, lambda: "").prompt is not None
    except (SettingsError, OSError, ValueError):
        assert text.startswith("@")
