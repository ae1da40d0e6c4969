"""``filmgate list``, ``show``, ``cancel``, ``delete`` and ``models``: one API call each."""

from __future__ import annotations

from collections.abc import Sequence

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import for_each_video, ids_argument
from filmgate.cli.context import CliContext
from filmgate.cli.display import tables
from filmgate.cli.display.progress import ProgressDisplay
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the commands by name."""
    limit = click.Option(["--limit"], type=click.IntRange(min=1), default=20, metavar="N", help=text("list.limit"))
    status = click.Option(["--status"], type=click.Choice([*map(str, Status)]), help=text("list.status"))
    return {
        "list": Command("list", text, _list, [limit, status]),
        "show": Command("show", text, _show, [ids_argument(text)]),
        "cancel": Command("cancel", text, _cancel, [ids_argument(text)]),
        "delete": Command("delete", text, _delete, [ids_argument(text)]),
        "models": Command("models", text, _models),
    }


async def _list(context: CliContext, limit: int, status: str | None) -> None:
    videos: list[AsyncVideo] = []
    async with context.client() as client:
        async for video in client.videos.list(limit=min(100, limit)):
            if status is None or video.status == status:
                videos.append(video)
            if len(videos) >= limit:
                break
    tables.print_videos(context, videos)


async def _show(context: CliContext, ids: Sequence[str]) -> int:
    async with context.client() as client:

        async def act(video_id: str, _shown: ProgressDisplay) -> None:
            tables.print_video(context, await client.videos.retrieve(video_id))

        return await for_each_video(context, ids, act)


async def _cancel(context: CliContext, ids: Sequence[str]) -> int:
    async with context.client(run_engine=True, on_demand=True) as client:

        async def act(video_id: str, _shown: ProgressDisplay) -> None:
            video = await client.videos.cancel(video_id)
            async for update in video.events():
                video = update
            _print_done(context, "cancel.done", video_id)

        return await for_each_video(context, ids, act)


async def _delete(context: CliContext, ids: Sequence[str]) -> int:
    async with context.client() as client:

        async def act(video_id: str, _shown: ProgressDisplay) -> None:
            await client.videos.delete(video_id)
            _print_done(context, "delete.done", video_id)

        return await for_each_video(context, ids, act)


async def _models(context: CliContext) -> None:
    async with context.client() as client:
        models = await client.models.list()
    tables.print_models(context, models)


def _print_done(context: CliContext, name: str, video_id: str) -> None:
    if context.structured:
        context.print_json({"id": video_id})
    elif context.quiet:
        context.print_out(video_id)
    else:
        context.info(name, id=video_id)
