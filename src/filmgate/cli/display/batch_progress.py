"""Showing many films at once: a line for each in the making and one for all, plain lines, or JSON lines."""

from __future__ import annotations

from typing import Protocol

from filmgate.batch.reports import as_dict
from filmgate.batch.results import DONE, Outcome, Result, Watcher
from filmgate.batch.row_worker import Purse
from filmgate.batch.rows import Row
from filmgate.cli.commands.batch_common import Unit, bad, label
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import size
from filmgate.cli.terminal_text import harmless
from filmgate.cli.units import units
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["Board", "board"]

NARROW = 60
"""Columns below which there is no room for bars."""


class Board(Watcher, Protocol):
    """A watcher that knows how much there is to do."""

    def began(self, count: int) -> None:
        """So many rows are about to be seen to."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def board(frame: Frame, purse: Purse, unit: Unit = "row") -> Board:
    """The board that fits where this command runs."""
    if frame.quiet or frame.structured:
        return _Silent(frame, purse, unit)
    return _Drawn(frame, purse, unit) if frame.env.interactive else _Plain(frame, purse, unit)


class _Silent:
    """Counts, keeps what Ctrl-C says up to date, and puts results on standard output."""

    def __init__(self, frame: Frame, purse: Purse, unit: Unit) -> None:
        self.frame = frame
        self.purse = purse
        self.unit = unit
        self.total = self.done = self.failed = 0

    def began(self, count: int) -> None:
        """Ready."""
        self.total = count
        self._promise()

    def asking(self, row: Row) -> None:
        """Nothing."""

    def held(self, row: Row, seconds: float, reason: str) -> None:
        """Nothing."""

    def seen(self, row: Row, video: AsyncVideo) -> None:
        """Nothing."""

    def saving(self, row: Row, done: int, total: int | None) -> None:
        """Nothing."""

    def ended(self, result: Result) -> None:
        """Count it, and give it to whoever reads the results."""
        self.done += result.outcome in DONE
        self.failed += result.outcome not in DONE
        self._promise()
        if self.frame.options.format == "jsonl":
            self.frame.dump(as_dict(result))
        elif self._is_result(result):
            self.frame.put(str(result.path))

    def close(self) -> None:
        """Nothing."""

    def _is_result(self, result: Result) -> bool:
        """Whether its path is for standard output; the result of a story is the joined film alone."""
        if self.unit == "shot" or result.outcome not in DONE:
            return False
        return not (self.frame.structured or self.frame.human)

    def label(self, row: Row) -> str:
        """What a row is called."""
        return label(self.frame, row, self.unit)

    def line(self, result: Result) -> str:
        """A line about what came of a row."""
        if result.outcome in DONE and result.path is not None:
            return self.frame.text("board.saved", row=self.label(result.row), path=result.path)
        return self.frame.text("crowd.bad", **bad(self.frame, result, self.unit))

    def _promise(self) -> None:
        self.frame.parting = [self.frame.text("parting.crowd", done=self.done, total=self.total)]


class _Plain(_Silent):
    """A line whenever a row gets its id, and when nothing more is done about it."""

    def __init__(self, frame: Frame, purse: Purse, unit: Unit) -> None:
        super().__init__(frame, purse, unit)
        self._known: set[str] = set()

    def seen(self, row: Row, video: AsyncVideo) -> None:
        if row.key not in self._known:
            self._known.add(row.key)
            self.frame.tell("board.asked", row=self.label(row), id=video.id)

    def held(self, row: Row, seconds: float, reason: str) -> None:
        if seconds >= 1:
            self.frame.tell("board.held", row=self.label(row), time=self.frame.text.seconds(seconds), why=reason)

    def ended(self, result: Result) -> None:
        super().ended(result)
        self.frame.say(f"{self.done + self.failed}/{self.total}  {self.line(result)}")


class _Drawn(_Silent):
    """Bars that move: all of it first, then each film in the making."""

    def __init__(self, frame: Frame, purse: Purse, unit: Unit) -> None:
        from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
        from rich.progress import BarColumn, Progress, TaskID, TextColumn  # noqa: PLC0415 - the same
        from rich.table import Column  # noqa: PLC0415 - the same

        super().__init__(frame, purse, unit)
        environ = frame.env.environ
        self._console = Console(
            file=frame.env.stderr, no_color="NO_COLOR" in environ, highlight=False, _environ=environ
        )
        wide = Column(ratio=2, no_wrap=True, overflow="ellipsis")
        name = TextColumn("{task.description}", markup=False, table_column=wide)
        note = TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, justify="right"))
        bars = [BarColumn(bar_width=None, table_column=Column(ratio=1))] if self._console.width >= NARROW else []
        self._bars = Progress(name, *bars, note, console=self._console, expand=True, transient=True)
        self._rows: dict[str, TaskID] = {}
        self._began = frame.env.clock()

    def began(self, count: int) -> None:
        super().began(count)
        self._all = self._bars.add_task(self.frame.text("board.all"), total=max(1, count), note="")
        self._bars.start()
        self._overall()

    def asking(self, row: Row) -> None:
        self._show(row, self.frame.text("board.asking"), None)

    def held(self, row: Row, seconds: float, reason: str) -> None:
        del reason
        self._show(row, self.frame.text("board.waits", time=self.frame.text.seconds(seconds)), None)

    def seen(self, row: Row, video: AsyncVideo) -> None:
        if video.status is Status.QUEUED:
            place = "" if video.position is None else f" {video.position}"
            self._show(row, self.frame.text("status.queued") + place, None)
        else:
            self._show(row, f"{video.progress} %", video.progress)

    def saving(self, row: Row, done: int, total: int | None) -> None:
        self._show(row, size(done), 100 * done / total if total else None)

    def ended(self, result: Result) -> None:
        super().ended(result)
        if task := self._rows.pop(result.row.key, None):
            self._bars.remove_task(task)
        if result.outcome is not Outcome.KEPT:
            self._console.print(harmless(self.line(result)), markup=False, soft_wrap=True)
        self._overall()

    def close(self) -> None:
        self._bars.stop()

    def _show(self, row: Row, note: str, percent: float | None) -> None:
        if row.key not in self._rows:
            prompt = " ".join(row.wanted.prompt.split())
            self._rows[row.key] = self._bars.add_task(harmless(f"{self.label(row)}  {prompt}"), total=None, note="")
        total = None if percent is None else 100
        self._bars.update(self._rows[row.key], note=note, total=total, completed=percent)

    def _overall(self) -> None:
        text, ended = self.frame.text, self.done + self.failed
        pieces = [f"{ended}/{self.total}"]
        if self.failed:
            pieces.append(text("board.failed", count=self.failed))
        if self.purse.spent:
            pieces.append(units(self.purse.spent))
        if 0 < ended < self.total:
            left = (self.frame.env.clock() - self._began) / ended * (self.total - ended)
            pieces.append(text("progress.eta", time=text.seconds(left)))
        self._bars.update(self._all, completed=ended, note="  ".join(pieces))
