"""Many films at once: what ``batch`` and ``story`` have in common."""

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
"""What the films of a file are called."""

MAX_CONCURRENCY = 64
"""Films in the making at once: each holds a connection while it is waited for."""

MAX_LISTED = 20
"""Problems and failures that are told one by one; the rest are counted."""


class BatchOptions(Struct, frozen=True, kw_only=True):
    """The options that both commands take."""

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
        """What may be done about films that ended badly."""
        return RetryRules(retry_failed=self.retry_failed, resend_unknown=self.resend_unknown)


def options(text: Texts) -> list[click.Parameter]:
    """The options that both commands take."""
    folder = click.Path(path_type=Path, file_okay=False)
    many, some = click.IntRange(1, MAX_CONCURRENCY), click.FloatRange(min=0, min_open=True)
    return [
        click.Option(["--concurrency"], type=many, default=4, metavar="N", help=text("batch.concurrency")),
        click.Option(["--rate"], type=some, metavar="N", help=text("batch.rate")),
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
    """The journal of that folder; a dry run leaves none behind where there is none."""
    with ExitStack() as stack:
        if dry_run and not folder.exists():
            folder = Path(stack.enter_context(TemporaryDirectory()))
        yield stack.enter_context(closing(Journal(folder)))


def folder_beside(file: Path) -> Path:
    """Where a file's films go unless somebody says: a folder beside it of the same name."""
    return file.with_suffix("") if file.suffix else file.with_name(f"{file.name}.films")


def standard_input(context: CliContext) -> bytes:
    """All of standard input."""
    binary = getattr(context.env.stdin, "buffer", None)
    return context.env.stdin.read().encode() if binary is None else bytes(binary.read())


async def fetch_limits(client: AsyncClient) -> ServerLimits:
    """What the server says about its models; nothing where it does not say."""
    try:
        return ServerLimits.from_models(await client.models.list())
    except (NotFound, MethodNotAllowed):
        return ServerLimits()


def server_identity(context: CliContext, client: AsyncClient, limits: ServerLimits) -> ServerIdentity:
    """Whom this command talks to."""
    where = client.endpoint.base_url if context.uses_server else str(context.settings().data.absolute())
    account = hashlib.sha256((client.endpoint.api_key or "").encode()).hexdigest()[:16]
    return ServerIdentity(where, account, honours_keys=limits.is_filmgate)


def unpriced_rows(options: BatchOptions, rows: Sequence[BatchRow], limits: ServerLimits) -> list[Problem]:
    """Films whose price nobody says, where a budget is to be kept."""
    if options.budget is None:
        return []
    return [Problem(row.number, "unknown_price") for row in rows if limits.price_micros(row.params) is None]


def report_problems(context: CliContext, problems: Sequence[Problem], unit: Unit = "row") -> ExitCode:
    """Say what is wrong with a file, all of it, before anything was sent."""
    if context.structured:
        told = [{"row": each.row or None, "message": _problem_text(context, each, unit)} for each in problems]
        context.print_json({"error": {"message": context.text("batch.refused"), "code": "usage", "problems": told}})
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
    """Show what would be done and what it would cost; ``after``: by key, the shot that each goes on from."""
    costs = [limits.price_micros(row.params) for row in rows]
    table = [_plan_row(context, row, journal, cost) for row, cost in zip(rows, costs, strict=True)]
    for row, line in zip(rows, table, strict=True):
        line["after"] = (after or {}).get(row.key) or ""
    columns = ["row", "state", *(["after"] if after else []), "model", "size", "seconds", "cost", "prompt"]
    tables.print_rows(context, columns, table)
    fresh = [cost for row, cost in zip(rows, costs, strict=True) if not journal.state(row.key).attempt]
    total = None if None in fresh else sum(cost or 0 for cost in fresh)
    context.info("batch.plan", count=len(fresh), cost="?" if total is None else format_units(total))


def print_summary(
    context: CliContext, batch_result: BatchResult, out: Path, spent_micros: int, unit: Unit = "row"
) -> None:
    """Say how it went."""
    counts = Counter(result.outcome for result in batch_result.results)
    done = sum(counts[outcome] for outcome in SAVED_OUTCOMES)
    context.info("batch.summary", done=done, total=len(batch_result.results), out=out, cost=format_units(spent_micros))
    for outcome in (RowOutcome.FAILED, RowOutcome.DOWNLOAD_FAILED, RowOutcome.UNKNOWN):
        found = [result for result in batch_result.results if result.outcome is outcome]
        for result in found[:MAX_LISTED]:
            context.info("batch.row_failed", **failure_values(context, result, unit))
        if found:
            context.info(f"batch.{outcome}", count=len(found))
    if counts[RowOutcome.SKIPPED]:
        context.info("batch.skipped", count=counts[RowOutcome.SKIPPED])


def failure_values(context: CliContext, result: RowResult, unit: Unit) -> dict[str, object]:
    """A row that has no film, for a text."""
    why = ": ".join(filter(None, [result.code, result.message])) or context.text("batch.response_lost")
    return {"row": row_label(context, result.row, unit), "video_id": result.video_id or "-", "why": why}


def row_label(context: CliContext, row: BatchRow, unit: Unit) -> str:
    """What a row is called in front of people: its number, and its name if it has one."""
    return f"{context.text(f'batch.{unit}', row=row.number)} {row.name}".strip()


def exit_code_of(context: CliContext, batch_result: BatchResult) -> int:
    """The exit code: of what stopped it, else whether all films are here."""
    if batch_result.stopped is not None:
        code, mend = exit_and_hint(batch_result.stopped)
        context.print_error(batch_result.stopped, mend)
        return code
    return ExitCode.OK if all(result.outcome in SAVED_OUTCOMES for result in batch_result.results) else ExitCode.PARTIAL


def _problem_text(context: CliContext, problem: Problem, unit: Unit) -> str:
    told = context.text(f"rows.{problem.code}", **problem.values)
    return f"{context.text(f'batch.{unit}', row=problem.row)}: {told}" if problem.row else told


def _plan_row(context: CliContext, row: BatchRow, journal: Journal, cost: int | None) -> dict[str, object]:
    state, wanted = journal.state(row.key), row.params
    if state.ended:
        state_name = "unknown" if state.ended.verdict == "unknown" else "failed"
    else:
        state_name = "saved" if state.saved else "started" if state.attempt else "new"
    return {
        "id": row.name or row.number,
        "row": f"{row.number} {row.name}".strip(),
        "state": context.text(f"batch.state.{state_name}") if context.human else state_name,
        "model": wanted.model or "",
        "size": wanted.size or "",
        "seconds": wanted.seconds or "",
        "cost": "" if cost is None else format_units(cost),
        "prompt": " ".join(wanted.prompt.split()),
    }
