"""Progress of many videos: a bar for each running one and one for all, plain lines, or JSON lines."""

from __future__ import annotations

from typing import Protocol

from filmgate.batch.reports import result_to_dict
from filmgate.batch.results import SAVED_OUTCOMES, ProgressListener, RowOutcome, RowResult
from filmgate.batch.row_worker import Budget
from filmgate.batch.rows import BatchRow
from filmgate.cli.commands.batch_common import Unit, failure_values, row_label
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_bytes
from filmgate.cli.terminal_text import sanitize
from filmgate.cli.units import format_units
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["BatchDisplay", "create_batch_display"]

MIN_BAR_WIDTH = 60
"""Terminal width in columns below which no bars are drawn."""


class BatchDisplay(ProgressListener, Protocol):
    """A progress listener that knows the total."""

    def started(self, count: int) -> None:
        """The batch starts, with ``count`` rows to process."""

    def close(self) -> None:
        """Stop drawing and restore the terminal."""


def create_batch_display(context: CliContext, budget: Budget, unit: Unit = "row") -> BatchDisplay:
    """Return the display that fits the output format and the terminal."""
    if context.quiet or context.structured:
        return _Silent(context, budget, unit)
    return _ProgressBars(context, budget, unit) if context.env.interactive else _Plain(context, budget, unit)


class _Silent:
    """Counts, keeps the Ctrl-C hint up to date, and prints results to standard output; the base of all displays."""

    def __init__(self, context: CliContext, budget: Budget, unit: Unit) -> None:
        self.context = context
        self.budget = budget
        self.unit = unit
        self.total = self.done = self.failed = 0

    def started(self, count: int) -> None:
        """Set the total."""
        self.total = count
        self._update_interrupt_hint()

    def on_submitting(self, row: BatchRow) -> None:
        """Nothing."""

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        """Nothing."""

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        """Nothing."""

    def on_download(self, row: BatchRow, done: int, total: int | None) -> None:
        """Nothing."""

    def on_finished(self, result: RowResult) -> None:
        """Count the result and print it if standard output carries results."""
        self.done += result.outcome in SAVED_OUTCOMES
        self.failed += result.outcome not in SAVED_OUTCOMES
        self._update_interrupt_hint()
        if self.context.options.format == "jsonl":
            self.context.print_json(result_to_dict(result))
        elif self._is_result(result):
            self.context.print_out(str(result.path))

    def close(self) -> None:
        """Nothing."""

    def _is_result(self, result: RowResult) -> bool:
        """Whether the path goes to standard output; the only result of a story is the joined video."""
        if self.unit == "shot" or result.outcome not in SAVED_OUTCOMES:
            return False
        return not (self.context.structured or self.context.human)

    def label(self, row: BatchRow) -> str:
        """Return the label of a row."""
        return row_label(self.context, row, self.unit)

    def result_line(self, result: RowResult) -> str:
        """Return a line with the outcome of a row."""
        if result.outcome in SAVED_OUTCOMES and result.path is not None:
            return self.context.text("progress.row_saved", row=self.label(result.row), path=result.path)
        return self.context.text("batch.row_failed", **failure_values(self.context, result, self.unit))

    def _update_interrupt_hint(self) -> None:
        self.context.interrupt_hints = [self.context.text("interrupt.batch", done=self.done, total=self.total)]


class _Plain(_Silent):
    """Prints a line when a row gets its id, and one when it is finished."""

    def __init__(self, context: CliContext, budget: Budget, unit: Unit) -> None:
        super().__init__(context, budget, unit)
        self._announced: set[str] = set()

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        if row.key not in self._announced:
            self._announced.add(row.key)
            self.context.info("progress.row_submitted", row=self.label(row), id=video.id)

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        if seconds >= 1:
            self.context.info(
                "progress.row_delayed", row=self.label(row), time=self.context.text.seconds(seconds), why=reason
            )

    def on_finished(self, result: RowResult) -> None:
        super().on_finished(result)
        self.context.print_err(f"{self.done + self.failed}/{self.total}  {self.result_line(result)}")


class _ProgressBars(_Silent):
    """Progress bars: the total first, then each running video."""

    def __init__(self, context: CliContext, budget: Budget, unit: Unit) -> None:
        from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
        from rich.progress import BarColumn, Progress, TaskID, TextColumn  # noqa: PLC0415 - the same
        from rich.table import Column  # noqa: PLC0415 - the same

        super().__init__(context, budget, unit)
        environ = context.env.environ
        self._console = Console(
            file=context.env.stderr, no_color="NO_COLOR" in environ, highlight=False, _environ=environ
        )
        name_column = Column(ratio=2, no_wrap=True, overflow="ellipsis")
        name = TextColumn("{task.description}", markup=False, table_column=name_column)
        note = TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, justify="right"))
        bars = [BarColumn(bar_width=None, table_column=Column(ratio=1))] if self._console.width >= MIN_BAR_WIDTH else []
        self._bars = Progress(name, *bars, note, console=self._console, expand=True, transient=True)
        self._rows: dict[str, TaskID] = {}
        self._started_at = context.env.clock()

    def started(self, count: int) -> None:
        super().started(count)
        self._total_task = self._bars.add_task(self.context.text("progress.total"), total=max(1, count), note="")
        self._bars.start()
        self._update_total()

    def on_submitting(self, row: BatchRow) -> None:
        self._update_row(row, self.context.text("progress.submitting"), None)

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        del reason
        self._update_row(row, self.context.text("progress.delayed", time=self.context.text.seconds(seconds)), None)

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        if video.status is Status.QUEUED:
            place = "" if video.position is None else f" {video.position}"
            self._update_row(row, self.context.text("status.queued") + place, None)
        else:
            self._update_row(row, f"{video.progress} %", video.progress)

    def on_download(self, row: BatchRow, done: int, total: int | None) -> None:
        self._update_row(row, format_bytes(done), 100 * done / total if total else None)

    def on_finished(self, result: RowResult) -> None:
        super().on_finished(result)
        if task := self._rows.pop(result.row.key, None):
            self._bars.remove_task(task)
        if result.outcome is not RowOutcome.ALREADY_SAVED:
            self._console.print(sanitize(self.result_line(result)), markup=False, soft_wrap=True)
        self._update_total()

    def close(self) -> None:
        self._bars.stop()

    def _update_row(self, row: BatchRow, note: str, percent: float | None) -> None:
        if row.key not in self._rows:
            prompt = " ".join(row.params.prompt.split())
            self._rows[row.key] = self._bars.add_task(sanitize(f"{self.label(row)}  {prompt}"), total=None, note="")
        total = None if percent is None else 100
        self._bars.update(self._rows[row.key], note=note, total=total, completed=percent)

    def _update_total(self) -> None:
        text, ended = self.context.text, self.done + self.failed
        pieces = [f"{ended}/{self.total}"]
        if self.failed:
            pieces.append(text("progress.failed", count=self.failed))
        if self.budget.spent_micros:
            pieces.append(format_units(self.budget.spent_micros))
        if 0 < ended < self.total:
            remaining = (self.context.env.clock() - self._started_at) / ended * (self.total - ended)
            pieces.append(text("progress.eta", time=text.seconds(remaining)))
        self._bars.update(self._total_task, completed=ended, note="  ".join(pieces))
