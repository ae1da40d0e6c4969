"""Showing how far a film is: drawn at a terminal, plain lines elsewhere, JSON lines for programs, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from filmgate.cli.context import Frame
from filmgate.cli.display.tables import size
from filmgate.cli.terminal_text import cells
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["Display", "display"]

STEP = 10
"""Percent between two plain lines."""


class Display(Protocol):
    """Told what happens, shows it on standard error."""

    def submitted(self, video: AsyncVideo) -> None:
        """It is accepted; nothing was waited for yet."""

    def seen(self, video: AsyncVideo) -> None:
        """Something about it changed."""

    def saving(self, done: int, total: int | None) -> None:
        """Bytes arrived."""

    def saved(self, video: AsyncVideo, path: Path) -> None:
        """The file is there."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def display(frame: Frame) -> Display:
    """The display that fits where this command runs."""
    if frame.options.format == "jsonl":
        return _Lines(frame)
    if frame.quiet or frame.structured:
        return _Silent()
    return _Drawn(frame) if frame.env.interactive else _Plain(frame)


class _Silent:
    """Shows nothing."""

    def submitted(self, video: AsyncVideo) -> None:
        """Nothing."""

    def seen(self, video: AsyncVideo) -> None:
        """Nothing."""

    def saving(self, done: int, total: int | None) -> None:
        """Nothing."""

    def saved(self, video: AsyncVideo, path: Path) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class _Lines(_Silent):
    """A JSON object a change."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def submitted(self, video: AsyncVideo) -> None:
        self._frame.dump(video.to_dict())

    def seen(self, video: AsyncVideo) -> None:
        self._frame.dump(video.to_dict())


class _Plain(_Silent):
    """A line whenever something worth reading changed."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._said = ""

    def submitted(self, video: AsyncVideo) -> None:
        self._frame.tell("progress.submitted", id=video.id)

    def seen(self, video: AsyncVideo) -> None:
        line = self._line(video)
        if line != self._said and not video.finished:
            self._said = line
            self._frame.say(line)

    def saved(self, video: AsyncVideo, path: Path) -> None:
        del video
        self._frame.tell("progress.saved", path=path, size=size(path.stat().st_size))

    def _line(self, video: AsyncVideo) -> str:
        if video.status is Status.QUEUED:
            return _queued(self._frame, video)
        return self._frame.text("progress.percent", percent=video.progress // STEP * STEP)


class _Drawn(_Silent):
    """A bar that moves: the queue, the percent, then the bytes."""

    def __init__(self, frame: Frame) -> None:
        from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - the same

        self._frame = frame
        environ = frame.env.environ
        console = Console(file=frame.env.stderr, no_color="NO_COLOR" in environ, highlight=False, _environ=environ)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[note]}"))
        self._bar = Progress(*columns, console=console, expand=True, transient=True)
        self._task = self._bar.add_task("", total=None, note="", start=False)
        self._began = frame.env.clock()
        self._rate = (self._began, 0)

    def submitted(self, video: AsyncVideo) -> None:
        line = self._frame.text("progress.submitted", id=video.id)
        # An id that is broken in two can't be copied.
        self._frame.say(line if cells(line) <= self._bar.console.width else "\n".join(line.split(maxsplit=1)))

    def seen(self, video: AsyncVideo) -> None:
        self._bar.start()
        left = self._left(video.eta_seconds)
        if video.status is Status.QUEUED:
            self._bar.update(self._task, description=_place(self._frame, video), total=None, note=left)
            return
        note = "  ".join(filter(None, [f"{video.progress} %", left]))
        working = self._frame.text("progress.working")
        self._bar.update(self._task, description=working, total=100, completed=video.progress, note=note)

    def saving(self, done: int, total: int | None) -> None:
        self._bar.start()
        now = self._frame.env.clock()
        if not self._rate[1]:
            self._rate = (now, done)
        speed = (done - self._rate[1]) / max(now - self._rate[0], 0.001)
        note = f"{size(done)}  {size(round(speed))}/s"
        saving = self._frame.text("progress.saving")
        self._bar.update(self._task, description=saving, total=total, completed=done, note=note)

    def saved(self, video: AsyncVideo, path: Path) -> None:
        del video
        self._bar.stop()
        self._frame.tell("progress.saved", path=path, size=size(path.stat().st_size))

    def close(self) -> None:
        self._bar.stop()

    def _left(self, seconds: float | None) -> str:
        return "" if seconds is None else self._frame.text("progress.eta", time=self._frame.text.seconds(seconds))


def _place(frame: Frame, video: AsyncVideo) -> str:
    if video.position is None:
        return frame.text("progress.queued")
    return frame.text("progress.place", position=video.position)


def _queued(frame: Frame, video: AsyncVideo) -> str:
    place = _place(frame, video)
    if video.eta_seconds is None:
        return place
    return f"{place}, {frame.text('progress.eta', time=frame.text.seconds(video.eta_seconds))}"
