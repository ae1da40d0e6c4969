"""Final screens on a real terminal of 40, 80 and 120 columns, in both languages."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from tests.support.polling import until

from filmgate.cli.terminal_text import display_width

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Served

Screen = Callable[[str], list[str]]

pytestmark = [pytest.mark.needs("tmux")]


@pytest.fixture(params=[(40, "en"), (40, "zh"), (80, "en"), (80, "zh"), (120, "zh")], ids=str)
def screen(request: pytest.FixtureRequest, served: Served, tmp_path: Path) -> Iterator[Screen]:
    """Yield a function that runs a command on a terminal and returns its screen at the end."""
    columns, lang = request.param
    tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(tmp_path / "tmux")]
    variables = {"FILMGATE_BASE_URL": served.url, "FILMGATE_API_KEY": served.key}
    environ = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())

    def show(command: str) -> list[str]:
        line = f"{environ} {sys.executable} -m filmgate {command} --lang {lang}; echo ended; exec cat"
        start = ["new-session", "-d", "-x", str(columns), "-y", "90", "-c", str(tmp_path), line]
        subprocess.run([*tmux, *start], check=True, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        until(lambda: "ended" in _lines(tmux), lambda: _lines(tmux))
        lines = _lines(tmux)
        subprocess.run([*tmux, "kill-server"], check=True)
        lines = lines[: lines.index("ended")]
        assert all(display_width(line) <= columns for line in lines)
        return lines

    yield show
    subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)


def _lines(tmux: list[str]) -> list[str]:
    shown = subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout
    return [line.rstrip() for line in shown.splitlines() if line.strip()]


def test_generate_leaves_three_lines(screen: Screen) -> None:
    """The id on one line, the saved message, the path; no bar is left."""
    lines = screen("generate 'a koi pond' -o koi.mp4")
    assert any(line.removeprefix("Video").removeprefix("视频").strip().startswith("video_") for line in lines)
    assert lines[-1] == "koi.mp4"
    assert len(lines) <= 4
    assert not any("━" in line for line in lines)


def test_help_fits_the_columns(screen: Screen) -> None:
    """The terminal breaks no line: each is indented or a heading."""
    lines = screen("watch --help")
    assert sum(not line.startswith(" ") for line in lines) <= 5


def test_a_list_is_a_table(screen: Screen) -> None:
    """One line a video, the id is never cut."""
    lines = screen("list --limit 2")
    assert all(len(line.split()[0]) == len("video_") + 32 for line in lines[1:])
