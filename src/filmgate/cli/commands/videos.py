"""``filmgate list``, ``show``, ``cancel``, ``delete`` and ``models``: one call each."""

from __future__ import annotations

from collections.abc import Sequence

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import each, ids_argument
from filmgate.cli.context import Frame
from filmgate.cli.display import tables
from filmgate.cli.display.progress import Display
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.domain import Status

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The commands by name."""
    limit = click.Option(["--limit"], type=click.IntRange(min=1), default=20, metavar="N", help=text("list.limit"))
    status = click.Option(["--status"], type=click.Choice([*map(str, Status)]), help=text("list.status"))
    return {
        "list": Command("list", text, _list, [limit, status]),
        "show": Command("show", text, _show, [ids_argument(text)]),
        "cancel": Command("cancel", text, _cancel, [ids_argument(text)]),
        "delete": Command("delete", text, _delete, [ids_argument(text)]),
        "models": Command("models", text, _models),
    }


async def _list(frame: Frame, limit: int, status: str | None) -> None:
    found: list[AsyncVideo] = []
    async with frame.client() as client:
        async for video in client.videos.list(limit=min(100, limit)):
            if status is None or video.status == status:
                found.append(video)
            if len(found) >= limit:
                break
    tables.videos(frame, found)


async def _show(frame: Frame, ids: Sequence[str]) -> int:
    async with frame.client() as client:

        async def act(video_id: str, _shown: Display) -> None:
            tables.video(frame, await client.videos.retrieve(video_id))

        return await each(frame, ids, act)


async def _cancel(frame: Frame, ids: Sequence[str]) -> int:
    async with frame.client(works=True, on_demand=True) as client:

        async def act(video_id: str, _shown: Display) -> None:
            video = await client.videos.cancel(video_id)
            async for seen in video.events():
                video = seen
            _done(frame, "cancel.done", video_id)

        return await each(frame, ids, act)


async def _delete(frame: Frame, ids: Sequence[str]) -> int:
    async with frame.client() as client:

        async def act(video_id: str, _shown: Display) -> None:
            await client.videos.delete(video_id)
            _done(frame, "delete.done", video_id)

        return await each(frame, ids, act)


async def _models(frame: Frame) -> None:
    async with frame.client() as client:
        found = await client.models.list()
    tables.models(frame, found)


def _done(frame: Frame, name: str, video_id: str) -> None:
    if frame.structured:
        frame.dump({"id": video_id})
    elif frame.quiet:
        frame.put(video_id)
    else:
        frame.tell(name, id=video_id)
