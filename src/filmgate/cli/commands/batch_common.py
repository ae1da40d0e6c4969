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
from filmgate.batch.limits import Limits
from filmgate.batch.results import DONE, Outcome, Result
from filmgate.batch.row_worker import Rules, Server
from filmgate.batch.rows import Problem, Row
from filmgate.batch.runner import Ran
from filmgate.cli.context import Frame
from filmgate.cli.display import tables
from filmgate.cli.exit_codes import Exit, verdict
from filmgate.cli.texts import Texts
from filmgate.cli.units import Amount, units
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
    "unpriced",
    "verdict_of",
]

Unit = Literal["row", "shot"]
"""What the films of a file are called."""

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

    @property
    def rules(self) -> Rules:
        """What may be done about films that ended badly."""
        return Rules(retry_failed=self.retry_failed, resend_unknown=self.resend_unknown)


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


def unpriced(asked: Asked, rows: Sequence[Row], known: Limits) -> list[Problem]:
    """Films whose price nobody says, where a budget is to be kept."""
    if asked.budget is None:
        return []
    return [Problem(row.number, "price") for row in rows if known.price(row.wanted) is None]


def refuse(frame: Frame, problems: Sequence[Problem], unit: Unit = "row") -> Exit:
    """Say what is wrong with a file, all of it, before anything was sent."""
    if frame.structured:
        told = [{"row": each.row or None, "message": _said(frame, each, unit)} for each in problems]
        frame.dump({"error": {"message": frame.text("crowd.refused"), "code": "usage", "problems": told}})
        return Exit.USAGE
    for each in problems[:TOLD]:
        frame.say(frame.text("error.line", message=_said(frame, each, unit)))
    if len(problems) > TOLD:
        frame.say(frame.text("crowd.more", count=len(problems) - TOLD))
    frame.say(frame.text("crowd.refused"))
    return Exit.USAGE


def plan(
    frame: Frame,
    rows: Sequence[Row],
    told: Journal,
    known: Limits,
    after: Mapping[str, str | None] | None = None,
) -> None:
    """Show what would be done and what it would cost; ``after``: by key, the shot that each goes on from."""
    costs = [known.price(row.wanted) for row in rows]
    table = [_planned(frame, row, told, cost) for row, cost in zip(rows, costs, strict=True)]
    for row, line in zip(rows, table, strict=True):
        line["after"] = (after or {}).get(row.key) or ""
    columns = ["row", "state", *(["after"] if after else []), "model", "size", "seconds", "cost", "prompt"]
    tables.rows(frame, columns, table)
    fresh = [cost for row, cost in zip(rows, costs, strict=True) if not told.state(row.key).attempt]
    total = None if None in fresh else sum(cost or 0 for cost in fresh)
    frame.tell("crowd.plan", count=len(fresh), cost="?" if total is None else units(total))


def summary(frame: Frame, ran: Ran, out: Path, spent: int, unit: Unit = "row") -> None:
    """Say how it went."""
    counts = Counter(result.outcome for result in ran.results)
    done = sum(counts[outcome] for outcome in DONE)
    frame.tell("crowd.done", done=done, total=len(ran.results), out=out, cost=units(spent))
    for outcome in (Outcome.FAILED, Outcome.UNFETCHED, Outcome.UNKNOWN):
        found = [result for result in ran.results if result.outcome is outcome]
        for result in found[:TOLD]:
            frame.tell("crowd.bad", **bad(frame, result, unit))
        if found:
            frame.tell(f"crowd.{outcome}", count=len(found))
    if counts[Outcome.LEFT]:
        frame.tell("crowd.left", count=counts[Outcome.LEFT])


def bad(frame: Frame, result: Result, unit: Unit) -> dict[str, object]:
    """A row that has no film, for a text."""
    why = ": ".join(filter(None, [result.code, result.message])) or frame.text("crowd.lost")
    return {"row": label(frame, result.row, unit), "video_id": result.video_id or "-", "why": why}


def label(frame: Frame, row: Row, unit: Unit) -> str:
    """What a row is called in front of people: its number, and its name if it has one."""
    return f"{frame.text(f'crowd.{unit}', row=row.number)} {row.name}".strip()


def verdict_of(frame: Frame, ran: Ran) -> int:
    """The exit code: of what stopped it, else whether all films are here."""
    if ran.stopped is not None:
        code, mend = verdict(ran.stopped)
        frame.complain(ran.stopped, mend)
        return code
    return Exit.OK if all(result.outcome in DONE for result in ran.results) else Exit.PARTIAL


def _said(frame: Frame, problem: Problem, unit: Unit) -> str:
    told = frame.text(f"rows.{problem.what}", **problem.values)
    return f"{frame.text(f'crowd.{unit}', row=problem.row)}: {told}" if problem.row else told


def _planned(frame: Frame, row: Row, told: Journal, cost: int | None) -> dict[str, object]:
    state, wanted = told.state(row.key), row.wanted
    if state.ended:
        stands = "unknown" if state.ended.verdict == "unknown" else "failed"
    else:
        stands = "kept" if state.saved else "begun" if state.attempt else "new"
    return {
        "id": row.name or row.number,
        "row": f"{row.number} {row.name}".strip(),
        "state": frame.text(f"crowd.state.{stands}") if frame.human else stands,
        "model": wanted.model or "",
        "size": wanted.size or "",
        "seconds": wanted.seconds or "",
        "cost": "" if cost is None else units(cost),
        "prompt": " ".join(wanted.prompt.split()),
    }
