"""``filmgate batch``: a video for each row of a file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from filmgate.batch.formats import FORMATS, Format
from filmgate.batch.journal import Journal
from filmgate.batch.limits import ServerLimits
from filmgate.batch.parser import ParsedFile, read_rows
from filmgate.batch.rate_limiter import RateLimiter
from filmgate.batch.reports import result_to_dict, write_archive, write_failed_rows
from filmgate.batch.row_worker import Budget, RowWorker, total_spent_micros
from filmgate.batch.rows import BatchRow
from filmgate.batch.runner import BatchResult, order_rows, run_rows
from filmgate.cli.command import Command
from filmgate.cli.commands import batch_common
from filmgate.cli.context import CliContext
from filmgate.cli.display.batch_progress import create_batch_display
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.inputs.output_paths import OutputPaths
from filmgate.cli.texts import Texts
from filmgate.client import AsyncClient

__all__ = ["commands"]

STDIN = Path("stdin")
"""File name of a batch from standard input."""


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    params: list[click.Parameter] = [
        click.Argument(["file"], type=click.Path(path_type=Path, allow_dash=True), metavar=text("metavar.file")),
        *batch_common.options(text),
        *_options(text),
    ]
    return {"batch": Command("batch", text, _batch, params)}


def _options(text: Texts) -> list[click.Parameter]:
    path = click.Path(path_type=Path)
    return [
        click.Option(["-o", "--output"], metavar=text("metavar.template"), help=text("batch.output")),
        click.Option(["--model"], metavar="NAME", help=text("batch.model")),
        click.Option(["--size"], metavar="WxH", help=text("batch.size")),
        click.Option(["--seconds"], metavar="N", help=text("batch.seconds")),
        click.Option(["--fit"], type=click.Choice(["error", "crop", "pad"]), help=text("generate.fit")),
        click.Option(["--limit"], type=click.IntRange(min=0), metavar="N", help=text("batch.limit")),
        click.Option(["--archive"], type=path, metavar=text("metavar.file"), help=text("batch.archive")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
        click.Option(["--as", "form"], type=click.Choice(FORMATS), help=text("batch.as")),
        click.Option(["--encoding"], metavar="NAME", help=text("batch.encoding")),
    ]


async def _batch(context: CliContext, **arguments: Any) -> int:
    command = _BatchCommand(context, **arguments)
    parsed = command.read()
    if parsed.problems:
        return batch_common.report_problems(context, parsed.problems)
    with batch_common.open_journal(command.folder, dry_run=command.shared.dry_run) as journal:
        async with context.client(run_engine=not command.shared.dry_run) as client:
            limits = await batch_common.fetch_limits(client)
            output_paths = OutputPaths(command.out, command.template, journal, force=command.force)
            problems = [*limits.problems(parsed.rows), *output_paths.problems(parsed.rows)]
            problems += batch_common.unpriced_rows(command.shared, parsed.rows, limits)
            if problems:
                return batch_common.report_problems(context, problems)
            if command.shared.dry_run:
                batch_common.print_plan(context, parsed.rows, journal, limits)
                return ExitCode.OK
            batch_result = await _run(context, command, parsed.rows, journal, limits, output_paths, client)
            return _finish(context, command, batch_result, journal)


class _BatchCommand:
    """The parsed command line."""

    def __init__(
        self,
        context: CliContext,
        *,
        file: Path,
        output: str | None,
        limit: int | None,
        archive: Path | None,
        force: bool,
        form: Format | None,
        encoding: str | None,
        model: str | None,
        size: str | None,
        seconds: str | None,
        fit: str | None,
        **shared: Any,
    ) -> None:
        self._context = context
        self._piped = str(file) == "-"
        self.file = STDIN if self._piped else file
        self.template, self.limit, self.archive, self.force = output, limit, archive, force
        self._form, self._encoding = form, encoding
        self._defaults = {"model": model, "size": size, "seconds": seconds, "fit": fit}
        self.shared = batch_common.BatchOptions(**shared)
        self.folder = self.shared.journal or self.file.with_name(f"{self.file.name}.filmgate")
        self.out = self.shared.out or batch_common.folder_beside(self.file)

    def read(self) -> ParsedFile:
        """Return the rows of the file, and its problems."""
        name, folder = ("", Path()) if self._piped else (self.file.name, self.file.parent)
        data = batch_common.standard_input(self._context) if self._piped else self.file.read_bytes()
        return read_rows(data, name, folder, file_format=self._form, encoding=self._encoding, defaults=self._defaults)


async def _run(
    context: CliContext,
    command: _BatchCommand,
    rows: Sequence[BatchRow],
    journal: Journal,
    limits: ServerLimits,
    output_paths: OutputPaths,
    client: AsyncClient,
) -> BatchResult:
    budget = Budget(command.shared.budget, total_spent_micros(journal))
    with closing(create_batch_display(context, budget)) as display:
        worker = RowWorker(
            videos=client.videos,
            server=batch_common.server_identity(context, client, limits),
            journal=journal,
            rate_limiter=RateLimiter(command.shared.rate),
            budget=budget,
            price=lambda row: limits.price_micros(row.params),
            choose_path=output_paths,
            listener=display,
            rules=command.shared.rules,
        )
        display.started(len(order_rows(rows, journal, command.limit)))
        return await run_rows(
            rows, worker.process, journal, concurrency=command.shared.concurrency, max_new=command.limit
        )


def _finish(context: CliContext, command: _BatchCommand, batch_result: BatchResult, journal: Journal) -> int:
    failed = command.folder / "failed.jsonl"
    failed_count = write_failed_rows(failed, batch_result.results)
    if command.archive is not None:
        write_archive(command.archive, batch_result.results)
    if context.options.format == "json":
        context.print_json([result_to_dict(result) for result in batch_result.results])
    batch_common.print_summary(context, batch_result, command.out, total_spent_micros(journal))
    if failed_count:
        context.info("batch.again", file=failed, out=command.out)
    return batch_common.exit_code_of(context, batch_result)
