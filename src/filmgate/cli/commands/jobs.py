"""``filmgate jobs``: inspects the videos of all accounts and records outcomes that operators find out."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from msgspec import structs

from filmgate.cli.command import Command, CommandGroup
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_time, print_rows
from filmgate.cli.texts import Texts
from filmgate.cli.units import DurationParamType, format_units
from filmgate.domain import Status, VideoRecord
from filmgate.store import Store, VideoFilter
from filmgate.store.admin import RESOLUTION_OUTCOMES, ResolutionOutcome

__all__ = ["commands"]

STUCK_SECONDS = 900.0
"""Default seconds without any change after which an unfinished video counts as stuck."""


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the group by name."""
    video_id = click.Argument(["video_id"], metavar=text("metavar.id"))
    outcome = click.Option(
        ["--as", "outcome"], type=click.Choice(RESOLUTION_OUTCOMES), required=True, help=text("jobs.outcome")
    )
    note = click.Option(["--note"], required=True, metavar=text("metavar.text"), help=text("jobs.note"))
    actions = [
        Command("list", text, _list, _list_options(text), key="jobs_list"),
        Command("inspect", text, _inspect, [video_id], key="jobs_inspect"),
        Command("resolve", text, _resolve, [video_id, outcome, note], key="jobs_resolve"),
    ]
    return {"jobs": CommandGroup("jobs", text, actions, "jobs")}


def _list_options(text: Texts) -> list[click.Parameter]:
    statuses = click.Choice([str(status) for status in Status])
    return [
        click.Option(["--unresolved"], is_flag=True, help=text("jobs_list.unresolved")),
        click.Option(["--stuck"], is_flag=True, help=text("jobs_list.stuck")),
        click.Option(
            ["--for", "unchanged_seconds"],
            type=DurationParamType(text),
            metavar=text("metavar.duration"),
            help=text("jobs_list.for"),
        ),
        click.Option(["--status"], type=statuses, help=text("jobs_list.status")),
        click.Option(["--engine"], metavar=text("metavar.name"), help=text("jobs_list.engine")),
        click.Option(["--account"], metavar=text("metavar.id"), help=text("jobs_list.account")),
        click.Option(["--limit"], type=click.IntRange(1, 10_000), default=50, show_default=True),
    ]


async def _list(
    context: CliContext,
    *,
    unresolved: bool,
    stuck: bool,
    unchanged_seconds: float | None,
    status: str | None,
    engine: str | None,
    account: str | None,
    limit: int,
) -> None:
    seconds = STUCK_SECONDS if unchanged_seconds is None else unchanged_seconds
    video_filter = VideoFilter(
        status=None if status is None else Status(status),
        engine=engine,
        account_id=account,
        quiet_since=context.env.clock() - seconds if stuck or unchanged_seconds is not None else None,
        unresolved_only=unresolved,
    )
    async with opened_store(context) as store:
        videos = await store.admin.find(video_filter, limit)
    if context.structured:
        print_rows(context, [], [_video_dict(video) for video in videos])
        return
    if not videos:
        context.info("jobs.empty")
    print_rows(
        context, ["id", "status", "stage", "engine", "created", "changed", "error"], [_row(video) for video in videos]
    )


async def _inspect(context: CliContext, video_id: str) -> None:
    async with opened_store(context) as store:
        video = await store.admin.get(video_id)
        details = await _video_details(store, video)
    if context.structured:
        context.print_json(details)
        return
    for name, value in details.items():
        if isinstance(value, list):
            _print_section(context, name, value)
        elif value is not None and value is not False:
            context.print_out(f"{name:<18}{_format_value(name, value)}")


async def _resolve(context: CliContext, video_id: str, outcome: ResolutionOutcome, note: str) -> None:
    async with opened_store(context) as store:
        await store.admin.resolve(video_id, outcome, note, context.env.clock())
    if context.structured:
        context.print_json({"id": video_id, "outcome": outcome, "note": note})
    context.info("jobs.resolved", id=video_id, outcome=outcome)


async def _video_details(store: Store, video: VideoRecord) -> dict[str, object]:
    admin, video_id = store.admin, video.id
    assets = (await store.videos.assets(video_id)).values()
    resolution = await admin.resolution(video_id)
    history = await store.videos.history(video_id)
    return {
        **_video_dict(video),
        "resolution": None if resolution is None else structs.asdict(resolution),
        "history": [
            {
                "at": event.at,
                "status": str(event.status),
                "stage": str(event.stage),
                "progress": event.progress,
                "error": event.error_code,
            }
            for event in history
        ],
        "submissions": [structs.asdict(each) for each in await admin.submissions(video_id)],
        "ledger": [structs.asdict(each) for each in await admin.ledger_entries(video_id)],
        "assets": [structs.asdict(each) for each in assets],
        "webhooks": [structs.asdict(each) for each in await admin.webhook_deliveries(video_id)],
    }


def _video_dict(video: VideoRecord) -> dict[str, object]:
    """Return the row for JSON output, without the prompt: it belongs to its owner."""
    return {
        "id": video.id,
        "account": video.account_id,
        "model": video.model,
        "engine": video.engine,
        "size": str(video.recipe.size),
        "seconds": video.recipe.seconds,
        "status": str(video.status),
        "stage": str(video.stage),
        "progress": video.progress,
        "price": format_units(video.price_micros),
        "created_at": video.created_at,
        "updated_at": video.updated_at,
        "submit_at": video.submit_at,
        "completed_at": video.completed_at,
        "expires_at": video.expires_at,
        "attempts": video.attempts,
        "ticket": video.ticket,
        "submit_token": video.submit_token,
        "error": None if video.error is None else f"{video.error.code}: {video.error.message}",
        "cancel_requested": video.cancel_requested,
        "deleted": video.finished and video.prompt is None,
    }


def _row(video: VideoRecord) -> dict[str, object]:
    return {
        "id": video.id,
        "status": str(video.status),
        "stage": str(video.stage),
        "engine": video.engine,
        "created": format_time(video.created_at),
        "changed": format_time(video.updated_at),
        "error": "" if video.error is None else video.error.code,
    }


def _print_section(context: CliContext, name: str, lines: list[dict[str, object]]) -> None:
    if not lines:
        return
    context.print_out("")
    context.print_out(name)
    for line in lines:
        context.print_out(
            "  " + "  ".join(_format_field(key, value) for key, value in line.items() if value is not None)
        )


def _format_field(key: str, value: object) -> str:
    return _format_value(key, value) if key in {"at", "created_at"} else f"{key}={_format_value(key, value)}"


def _format_value(key: str, value: object) -> str:
    if isinstance(value, float) and (key == "at" or key.endswith("_at")):
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
    return str(value)
