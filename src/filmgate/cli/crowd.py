"""Many films at once: what ``batch`` and ``story`` have in common."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from msgspec import Struct

from filmgate.batch.journal import Journal
from filmgate.batch.limits import Limits
from filmgate.batch.making import Server
from filmgate.batch.reporting import as_dict
from filmgate.batch.results import DONE, Outcome, Result
from filmgate.batch.rows import Problem, Row
from filmgate.batch.running import Ran
from filmgate.cli import output
from filmgate.cli.exits import Exit, verdict
from filmgate.cli.frame import Frame
from filmgate.cli.money import Amount, units
from filmgate.cli.texts import Texts
from filmgate.client import AsyncClient
from filmgate.errors import MethodNotAllowed, NotFound

__all__ = [
    "Asked",
    "folder_beside",
    "journal",
    "limits",
    "options",
    "plan",
    "refuse",
    "server",
    "standard_input",
    "summary",
    "verdict_of",
]

MOST = 64
"""Films in the making at once: each holds a connection while it is waited for."""

TOLD = 20
"""Problems and failures that are told one by one; the rest are counted."""


class Asked(Struct, frozen=True, kw_only=True):
    """The options that both commands take."""

    concurrency: int
    rate: float | None
    budget: int | None  # micro-units
    out: Path | None
    journal: Path | None
    retry_failed: bool
    resend_unknown: bool
    dry_run: bool


def options(text: Texts) -> list[click.Parameter]:
    """The options that both commands take."""
    folder = click.Path(path_type=Path, file_okay=False)
    many, some = click.IntRange(1, MOST), click.FloatRange(min=0, min_open=True)
    return [
        click.Option(["--concurrency"], type=many, default=4, metavar="N", help=text("crowd.concurrency")),
        click.Option(["--rate"], type=some, metavar="N", help=text("crowd.rate")),
        click.Option(["--budget"], type=Amount(text), metavar=text("metavar.amount"), help=text("crowd.budget")),
        click.Option(["--out"], type=folder, metavar=text("metavar.folder"), help=text("crowd.out")),
        click.Option(["--journal"], type=folder, metavar=text("metavar.folder"), help=text("crowd.journal")),
        click.Option(["--retry-failed"], is_flag=True, help=text("crowd.retry_failed")),
        click.Option(["--resend-unknown"], is_flag=True, help=text("crowd.resend_unknown")),
        click.Option(["--dry-run"], is_flag=True, help=text("crowd.dry_run")),
    ]


@contextmanager
def journal(folder: Path, *, dry_run: bool) -> Iterator[Journal]:
    """The journal of that folder; a dry run leaves none behind where there is none."""
    with ExitStack() as stack:
        if dry_run and not folder.exists():
            folder = Path(stack.enter_context(TemporaryDirectory()))
        yield stack.enter_context(closing(Journal(folder)))


def folder_beside(file: Path) -> Path:
    """Where a file's films go unless somebody says: a folder beside it of the same name."""
    return file.with_suffix("") if file.suffix else file.with_name(f"{file.name}.films")


def standard_input(frame: Frame) -> bytes:
    """All of standard input."""
    binary = getattr(frame.env.stdin, "buffer", None)
    return frame.env.stdin.read().encode() if binary is None else bytes(binary.read())


async def limits(client: AsyncClient) -> Limits:
    """What the server says about its models; nothing where it does not say."""
    try:
        return Limits.of(await client.models.list())
    except (NotFound, MethodNotAllowed):
        return Limits()


def server(frame: Frame, client: AsyncClient, known: Limits) -> Server:
    """Whom this command talks to."""
    where = client.endpoint.base_url if frame.remote else str(frame.settings().data.absolute())
    account = hashlib.sha256((client.endpoint.api_key or "").encode()).hexdigest()[:16]
    return Server(where, account, honours_keys=known.ours)


def refuse(frame: Frame, problems: Sequence[Problem]) -> Exit:
    """Say what is wrong with a file, all of it, before anything was sent."""
    if frame.structured:
        told = [{"row": each.row or None, "message": _said(frame, each)} for each in problems]
        frame.dump({"error": {"message": frame.text("crowd.refused"), "code": "usage", "problems": told}})
        return Exit.USAGE
    for each in problems[:TOLD]:
        frame.say(frame.text("error.line", message=_said(frame, each)))
    if len(problems) > TOLD:
        frame.say(frame.text("crowd.more", count=len(problems) - TOLD))
    frame.say(frame.text("crowd.refused"))
    return Exit.USAGE


def plan(frame: Frame, rows: Sequence[Row], told: Journal, known: Limits) -> None:
    """Show what would be done, and what it would cost."""
    costs = [known.price(row.wanted) for row in rows]
    table = [_planned(frame, row, told, cost) for row, cost in zip(rows, costs, strict=True)]
    output.rows(frame, ["row", "state", "model", "size", "seconds", "cost", "prompt"], table)
    fresh = [cost for row, cost in zip(rows, costs, strict=True) if not told.state(row.key).attempt]
    total = None if None in fresh else sum(cost or 0 for cost in fresh)
    frame.tell("crowd.plan", count=len(fresh), cost="?" if total is None else units(total))


def summary(frame: Frame, ran: Ran, out: Path, spent: int) -> None:
    """Say how it went."""
    counts = Counter(result.outcome for result in ran.results)
    done = sum(counts[outcome] for outcome in DONE)
    if frame.options.format == "json":
        frame.dump([as_dict(result) for result in ran.results])
    frame.tell("crowd.done", done=done, total=len(ran.results), out=out, cost=units(spent))
    for outcome in (Outcome.FAILED, Outcome.UNFETCHED, Outcome.UNKNOWN):
        found = [result for result in ran.results if result.outcome is outcome]
        for result in found[:TOLD]:
            frame.tell("crowd.bad", **bad(frame, result))
        if found:
            frame.tell(f"crowd.{outcome}", count=len(found))
    if counts[Outcome.LEFT]:
        frame.tell("crowd.left", count=counts[Outcome.LEFT])


def bad(frame: Frame, result: Result) -> dict[str, object]:
    """A row that has no film, for a text."""
    why = ": ".join(filter(None, [result.code, result.message])) or frame.text("crowd.lost")
    return {"row": label(result.row), "video_id": result.video_id or "-", "why": why}


def label(row: Row) -> str:
    """What a row is called in front of people: its number, and its name if it has one."""
    return f"{row.number} {row.name}".strip()


def verdict_of(frame: Frame, ran: Ran) -> int:
    """The exit code: of what stopped it, else whether all films are here."""
    if ran.stopped is not None:
        code, mend = verdict(ran.stopped)
        frame.complain(ran.stopped, mend)
        return code
    return Exit.OK if all(result.outcome in DONE for result in ran.results) else Exit.PARTIAL


def _said(frame: Frame, problem: Problem) -> str:
    told = frame.text(f"rows.{problem.what}", **problem.values)
    return frame.text("rows.at", row=problem.row, what=told) if problem.row else told


def _planned(frame: Frame, row: Row, told: Journal, cost: int | None) -> dict[str, object]:
    state, wanted = told.state(row.key), row.wanted
    if state.ended:
        stands = "unknown" if state.ended.verdict == "unknown" else "failed"
    else:
        stands = "kept" if state.saved else "begun" if state.attempt else "new"
    return {
        "id": row.name or row.number,
        "row": label(row),
        "state": frame.text(f"crowd.state.{stands}") if frame.human else stands,
        "model": wanted.model or "",
        "size": wanted.size or "",
        "seconds": wanted.seconds or "",
        "cost": "" if cost is None else units(cost),
        "prompt": " ".join(wanted.prompt.split()),
    }
