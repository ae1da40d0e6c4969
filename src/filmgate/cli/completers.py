"""What a shell's Tab offers for an argument: ids and profiles."""

from __future__ import annotations

import asyncio

import click
from click.shell_completion import CompletionItem

from filmgate.cli.context import Frame, shared
from filmgate.errors import FilmgateError

__all__ = ["ids", "profiles"]

PATIENCE = 1.0
"""Seconds that somebody who pressed Tab waits for ids."""


SHOWN = 20
"""Ids that are offered: the latest."""


def ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The latest films of the server; none where it does not answer at once, or where there is none."""
    frame = ctx.find_object(Frame)
    if frame is None:
        return []
    frame.options = shared(ctx, frame.options)
    try:
        return asyncio.run(_latest(frame, incomplete))
    except (FilmgateError, OSError, TimeoutError):
        return []  # a Tab is no place for an error


def profiles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The profiles of the file."""
    from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

    frame = ctx.find_object(Frame)
    if frame is None:
        return []
    try:
        file = settings.locate(shared(ctx, frame.options).config, frame.env.environ)
        names = settings.load(file).tables.profiles
    except (FilmgateError, OSError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


async def _latest(frame: Frame, incomplete: str) -> list[CompletionItem]:
    if not frame.remote:
        return []  # starting the engine of this program would take longer than anybody waits
    found: list[CompletionItem] = []
    async with asyncio.timeout(PATIENCE), frame.client() as client:
        async for video in client.videos.list(limit=SHOWN):
            if video.id.startswith(incomplete):
                words = " ".join((video.prompt or "").split())
                found.append(CompletionItem(video.id, help=f"{video.status} {words[:40]}".strip()))
            if len(found) >= SHOWN:
                break
    return found
