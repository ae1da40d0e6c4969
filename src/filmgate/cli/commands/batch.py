"""``filmgate batch``: a film of each row of a file."""

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
"""What a batch from standard input is called."""


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
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
    asked = _BatchCommand(context, **arguments)
    sheet = asked.read()
    if sheet.problems:
        return batch_common.report_problems(context, sheet.problems)
    with batch_common.open_journal(asked.folder, dry_run=asked.shared.dry_run) as journal:
        async with context.client(run_engine=not asked.shared.dry_run) as client:
            limits = await batch_common.fetch_limits(client)
            places = OutputPaths(asked.out, asked.template, journal, force=asked.force)
            problems = [*limits.problems(sheet.rows), *places.problems(sheet.rows)]
            problems += batch_common.unpriced_rows(asked.shared, sheet.rows, limits)
            if problems:
                return batch_common.report_problems(context, problems)
            if asked.shared.dry_run:
                batch_common.print_plan(context, sheet.rows, journal, limits)
                return ExitCode.OK
            ran = await _run(context, asked, sheet.rows, journal, limits, places, client)
            return _finish(context, asked, ran, journal)


class _BatchCommand:
    """The command line, understood."""

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
        """The file's rows, or what is wrong with them."""
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
    purse = Budget(command.shared.budget, total_spent_micros(journal))
    with closing(create_batch_display(context, purse)) as shown:
        maker = RowWorker(
            videos=client.videos,
            server=batch_common.server_identity(context, client, limits),
            journal=journal,
            rate_limiter=RateLimiter(command.shared.rate),
            budget=purse,
            price=lambda row: limits.price_micros(row.params),
            choose_path=output_paths,
            listener=shown,
            rules=command.shared.rules,
        )
        shown.started(len(order_rows(rows, journal, command.limit)))
        return await run_rows(
            rows, maker.process, journal, concurrency=command.shared.concurrency, max_new=command.limit
        )


def _finish(context: CliContext, command: _BatchCommand, batch_result: BatchResult, journal: Journal) -> int:
    failed = command.folder / "failed.jsonl"
    again = write_failed_rows(failed, batch_result.results)
    if command.archive is not None:
        write_archive(command.archive, batch_result.results)
    if context.options.format == "json":
        context.print_json([result_to_dict(result) for result in batch_result.results])
    batch_common.print_summary(context, batch_result, command.out, total_spent_micros(journal))
    if again:
        context.info("batch.again", file=failed, out=command.out)
    return batch_common.exit_code_of(context, batch_result)
