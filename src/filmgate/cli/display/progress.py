"""Progress of one video: a bar on a terminal, plain lines elsewhere, JSON lines, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_bytes
from filmgate.cli.terminal_text import display_width
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["ProgressDisplay", "create_display"]

PERCENT_STEP = 10
"""Progress between two plain lines, in percent."""


class ProgressDisplay(Protocol):
    """Shows on standard error what happens to a video."""

    def submitted(self, video: AsyncVideo) -> None:
        """The video was accepted; the wait has not begun."""

    def updated(self, video: AsyncVideo) -> None:
        """The video changed."""

    def downloading(self, done: int, total: int | None) -> None:
        """``done`` of ``total`` bytes are downloaded; None: the total is unknown."""

    def saved(self, video: AsyncVideo, path: Path) -> None:
        """The file is saved."""

    def close(self) -> None:
        """Stop drawing and restore the terminal."""


def create_display(context: CliContext) -> ProgressDisplay:
    """Return the display that fits the output format and the terminal."""
    if context.options.format == "jsonl":
        return _JsonLines(context)
    if context.quiet or context.structured:
        return _Silent()
    return _ProgressBar(context) if context.env.interactive else _Plain(context)


class _Silent:
    """Shows nothing."""

    def submitted(self, video: AsyncVideo) -> None:
        """Nothing."""

    def updated(self, video: AsyncVideo) -> None:
        """Nothing."""

    def downloading(self, done: int, total: int | None) -> None:
        """Nothing."""

    def saved(self, video: AsyncVideo, path: Path) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class _JsonLines(_Silent):
    """Prints one JSON object a change, to standard output."""

    def __init__(self, context: CliContext) -> None:
        self._context = context

    def submitted(self, video: AsyncVideo) -> None:
        self._context.print_json(video.to_dict())

    def updated(self, video: AsyncVideo) -> None:
        self._context.print_json(video.to_dict())


class _Plain(_Silent):
    """Prints a line when the queue position changes, or the progress by ``PERCENT_STEP``."""

    def __init__(self, context: CliContext) -> None:
        self._context = context
        self._last_line = ""

    def submitted(self, video: AsyncVideo) -> None:
        self._context.info("progress.submitted", id=video.id)

    def updated(self, video: AsyncVideo) -> None:
        line = self._progress_line(video)
        if line != self._last_line and not video.finished:
            self._last_line = line
            self._context.print_err(line)

    def saved(self, video: AsyncVideo, path: Path) -> None:
        del video
        self._context.info("progress.saved", path=path, size=format_bytes(path.stat().st_size))

    def _progress_line(self, video: AsyncVideo) -> str:
        if video.status is Status.QUEUED:
            return _queue_line(self._context, video)
        return self._context.text("progress.percent", percent=video.progress // PERCENT_STEP * PERCENT_STEP)


class _ProgressBar(_Silent):
    """A progress bar: queue position, percent, then downloaded bytes."""

    def __init__(self, context: CliContext) -> None:
        from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - the same

        self._context = context
        environ = context.env.environ
        console = Console(file=context.env.stderr, no_color="NO_COLOR" in environ, highlight=False, _environ=environ)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[note]}"))
        self._bar = Progress(*columns, console=console, expand=True, transient=True)
        self._task = self._bar.add_task("", total=None, note="", start=False)
        self._started_at = context.env.clock()
        self._first_sample = (self._started_at, 0)

    def submitted(self, video: AsyncVideo) -> None:
        line = self._context.text("progress.submitted", id=video.id)
        # The id stays on one line, so that it can be copied.
        self._context.print_err(
            line if display_width(line) <= self._bar.console.width else "\n".join(line.split(maxsplit=1))
        )

    def updated(self, video: AsyncVideo) -> None:
        self._bar.start()
        eta = self._remaining(video.eta_seconds)
        if video.status is Status.QUEUED:
            self._bar.update(self._task, description=_queue_position(self._context, video), total=None, note=eta)
            return
        note = "  ".join(filter(None, [f"{video.progress} %", eta]))
        working = self._context.text("progress.working")
        self._bar.update(self._task, description=working, total=100, completed=video.progress, note=note)

    def downloading(self, done: int, total: int | None) -> None:
        self._bar.start()
        now = self._context.env.clock()
        if not self._first_sample[1]:
            self._first_sample = (now, done)
        speed = (done - self._first_sample[1]) / max(now - self._first_sample[0], 0.001)
        note = f"{format_bytes(done)}  {format_bytes(round(speed))}/s"
        saving = self._context.text("progress.saving")
        self._bar.update(self._task, description=saving, total=total, completed=done, note=note)

    def saved(self, video: AsyncVideo, path: Path) -> None:
        del video
        self._bar.stop()
        self._context.info("progress.saved", path=path, size=format_bytes(path.stat().st_size))

    def close(self) -> None:
        self._bar.stop()

    def _remaining(self, seconds: float | None) -> str:
        return "" if seconds is None else self._context.text("progress.eta", time=self._context.text.seconds(seconds))


def _queue_position(context: CliContext, video: AsyncVideo) -> str:
    if video.position is None:
        return context.text("progress.queued")
    return context.text("progress.queue_position", position=video.position)


def _queue_line(context: CliContext, video: AsyncVideo) -> str:
    position = _queue_position(context, video)
    if video.eta_seconds is None:
        return position
    return f"{position}, {context.text('progress.eta', time=context.text.seconds(video.eta_seconds))}"
