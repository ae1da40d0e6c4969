"""What ``batch`` and ``story`` share: options, journal, checks, plan and summary."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import click
from msgspec import Struct

from filmgate.batch.journal import Journal
from filmgate.batch.limits import ServerLimits
from filmgate.batch.results import SAVED_OUTCOMES, RowOutcome, RowResult
from filmgate.batch.row_worker import RetryRules, ServerIdentity
from filmgate.batch.rows import BatchRow, Problem
from filmgate.batch.runner import BatchResult
from filmgate.cli.context import CliContext
from filmgate.cli.display import tables
from filmgate.cli.exit_codes import ExitCode, exit_and_hint
from filmgate.cli.texts import Texts
from filmgate.cli.units import AmountParamType, format_units
from filmgate.client import AsyncClient
from filmgate.errors import MethodNotAllowed, NotFound

__all__ = [
    "BatchOptions",
    "exit_code_of",
    "fetch_limits",
    "folder_beside",
    "open_journal",
    "options",
    "print_plan",
    "print_summary",
    "report_problems",
    "server_identity",
    "standard_input",
    "unpriced_rows",
]

Unit = Literal["row", "shot"]
"""What a row of the file is called."""

MAX_CONCURRENCY = 64
"""Maximum number of videos in progress at once: each occupies a connection during its wait."""

MAX_LISTED = 20
"""Problems and failures listed one by one; the rest are counted."""


class BatchOptions(Struct, frozen=True, kw_only=True):
    """Values of the options that both commands take."""

    concurrency: int
    rate: float | None
    budget: int | None  # micro-units
    out: Path | None
    journal: Path | None
    retry_failed: bool
    resend_unknown: bool
    dry_run: bool

    @property
    def rules(self) -> RetryRules:
        """What to retry of an earlier run."""
        return RetryRules(retry_failed=self.retry_failed, resend_unknown=self.resend_unknown)


def options(text: Texts) -> list[click.Parameter]:
    """Return the options that both commands take."""
    folder = click.Path(path_type=Path, file_okay=False)
    concurrency, rate = click.IntRange(1, MAX_CONCURRENCY), click.FloatRange(min=0, min_open=True)
    return [
        click.Option(["--concurrency"], type=concurrency, default=4, metavar="N", help=text("batch.concurrency")),
        click.Option(["--rate"], type=rate, metavar="N", help=text("batch.rate")),
        click.Option(
            ["--budget"], type=AmountParamType(text), metavar=text("metavar.amount"), help=text("batch.budget")
        ),
        click.Option(["--out"], type=folder, metavar=text("metavar.folder"), help=text("batch.out")),
        click.Option(["--journal"], type=folder, metavar=text("metavar.folder"), help=text("batch.journal")),
        click.Option(["--retry-failed"], is_flag=True, help=text("batch.retry_failed")),
        click.Option(["--resend-unknown"], is_flag=True, help=text("batch.resend_unknown")),
        click.Option(["--dry-run"], is_flag=True, help=text("batch.dry_run")),
    ]


@contextmanager
def open_journal(folder: Path, *, dry_run: bool) -> Iterator[Journal]:
    """Yield the journal of the folder; a dry run does not create one."""
    with ExitStack() as stack:
        if dry_run and not folder.exists():
            folder = Path(stack.enter_context(TemporaryDirectory()))
        yield stack.enter_context(closing(Journal(folder)))


def folder_beside(file: Path) -> Path:
    """Return the default output folder: beside the file, with its name."""
    return file.with_suffix("") if file.suffix else file.with_name(f"{file.name}.films")


def standard_input(context: CliContext) -> bytes:
    """Return all bytes of standard input."""
    binary = getattr(context.env.stdin, "buffer", None)
    return context.env.stdin.read().encode() if binary is None else bytes(binary.read())


async def fetch_limits(client: AsyncClient) -> ServerLimits:
    """Return the limits of the server's models; empty if it has no such endpoint."""
    try:
        return ServerLimits.from_models(await client.models.list())
    except (NotFound, MethodNotAllowed):
        return ServerLimits()


def server_identity(context: CliContext, client: AsyncClient, limits: ServerLimits) -> ServerIdentity:
    """Return the identity of the API and account that this command uses."""
    where = client.endpoint.base_url if context.uses_server else str(context.settings().data.absolute())
    account = hashlib.sha256((client.endpoint.api_key or "").encode()).hexdigest()[:16]
    return ServerIdentity(where, account, honours_keys=limits.is_filmgate)


def unpriced_rows(options: BatchOptions, rows: Sequence[BatchRow], limits: ServerLimits) -> list[Problem]:
    """Return a problem for each row without a known price, if there is a budget."""
    if options.budget is None:
        return []
    return [Problem(row.number, "unknown_price") for row in rows if limits.price_micros(row.params) is None]


def report_problems(context: CliContext, problems: Sequence[Problem], unit: Unit = "row") -> ExitCode:
    """Print all problems of a file, before anything is sent."""
    if context.structured:
        records = [{"row": each.row or None, "message": _problem_text(context, each, unit)} for each in problems]
        context.print_json({"error": {"message": context.text("batch.refused"), "code": "usage", "problems": records}})
        return ExitCode.USAGE
    for each in problems[:MAX_LISTED]:
        context.print_err(context.text("error.line", message=_problem_text(context, each, unit)))
    if len(problems) > MAX_LISTED:
        context.print_err(context.text("batch.more_problems", count=len(problems) - MAX_LISTED))
    context.print_err(context.text("batch.refused"))
    return ExitCode.USAGE


def print_plan(
    context: CliContext,
    rows: Sequence[BatchRow],
    journal: Journal,
    limits: ServerLimits,
    after: Mapping[str, str | None] | None = None,
) -> None:
    """Print what would be submitted and its cost; ``after``: the shot that each continues from, by key."""
    costs = [limits.price_micros(row.params) for row in rows]
    table = [_plan_row(context, row, journal, cost) for row, cost in zip(rows, costs, strict=True)]
    for row, line in zip(rows, table, strict=True):
        line["after"] = (after or {}).get(row.key) or ""
    columns = ["row", "state", *(["after"] if after else []), "model", "size", "seconds", "cost", "prompt"]
    tables.print_rows(context, columns, table)
    new_costs = [cost for row, cost in zip(rows, costs, strict=True) if not journal.state(row.key).attempt]
    total = None if None in new_costs else sum(cost or 0 for cost in new_costs)
    context.info("batch.plan", count=len(new_costs), cost="?" if total is None else format_units(total))


def print_summary(
    context: CliContext, batch_result: BatchResult, out: Path, spent_micros: int, unit: Unit = "row"
) -> None:
    """Print the number of videos by outcome, the failures and the cost."""
    counts = Counter(result.outcome for result in batch_result.results)
    done = sum(counts[outcome] for outcome in SAVED_OUTCOMES)
    context.info("batch.summary", done=done, total=len(batch_result.results), out=out, cost=format_units(spent_micros))
    for outcome in (RowOutcome.FAILED, RowOutcome.DOWNLOAD_FAILED, RowOutcome.UNKNOWN):
        failures = [result for result in batch_result.results if result.outcome is outcome]
        for result in failures[:MAX_LISTED]:
            context.info("batch.row_failed", **failure_values(context, result, unit))
        if failures:
            context.info(f"batch.{outcome}", count=len(failures))
    if counts[RowOutcome.SKIPPED]:
        context.info("batch.skipped", count=counts[RowOutcome.SKIPPED])


def failure_values(context: CliContext, result: RowResult, unit: Unit) -> dict[str, object]:
    """Return the values of ``batch.row_failed`` for a row without a video."""
    reason = ": ".join(filter(None, [result.code, result.message])) or context.text("batch.response_lost")
    return {"row": row_label(context, result.row, unit), "video_id": result.video_id or "-", "why": reason}


def row_label(context: CliContext, row: BatchRow, unit: Unit) -> str:
    """Return the label of a row: its number, and its name if it has one."""
    return f"{context.text(f'batch.{unit}', row=row.number)} {row.name}".strip()


def exit_code_of(context: CliContext, batch_result: BatchResult) -> int:
    """Return the exit code: of the error that stopped the batch, else whether all videos are saved."""
    if batch_result.stopped is not None:
        code, hint = exit_and_hint(batch_result.stopped)
        context.print_error(batch_result.stopped, hint)
        return code
    return ExitCode.OK if all(result.outcome in SAVED_OUTCOMES for result in batch_result.results) else ExitCode.PARTIAL


def _problem_text(context: CliContext, problem: Problem, unit: Unit) -> str:
    message = context.text(f"rows.{problem.code}", **problem.values)
    return f"{context.text(f'batch.{unit}', row=problem.row)}: {message}" if problem.row else message


def _plan_row(context: CliContext, row: BatchRow, journal: Journal, cost: int | None) -> dict[str, object]:
    state, params = journal.state(row.key), row.params
    if state.ended:
        state_name = "unknown" if state.ended.verdict == "unknown" else "failed"
    else:
        state_name = "saved" if state.saved else "started" if state.attempt else "new"
    return {
        "id": row.name or row.number,
        "row": f"{row.number} {row.name}".strip(),
        "state": context.text(f"batch.state.{state_name}") if context.human else state_name,
        "model": params.model or "",
        "size": params.size or "",
        "seconds": params.seconds or "",
        "cost": "" if cost is None else format_units(cost),
        "prompt": " ".join(params.prompt.split()),
    }
