"""What a shell's Tab offers for an argument: ids and profiles."""

from __future__ import annotations

import asyncio

import click
from click.shell_completion import CompletionItem

from filmgate.cli.context import CliContext, merge_shared_options
from filmgate.errors import FilmgateError

__all__ = ["complete_ids", "complete_profiles"]

TIMEOUT = 1.0
"""Seconds that somebody who pressed Tab waits for ids."""


MAX_IDS = 20
"""Ids that are offered: the latest."""


def complete_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The latest films of the server; none where it does not answer at once, or where there is none."""
    frame = ctx.find_object(CliContext)
    if frame is None:
        return []
    frame.options = merge_shared_options(ctx, frame.options)
    try:
        return asyncio.run(_latest_ids(frame, incomplete))
    except (FilmgateError, OSError, TimeoutError):
        return []  # a Tab is no place for an error


def complete_profiles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The profiles of the file."""
    from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

    frame = ctx.find_object(CliContext)
    if frame is None:
        return []
    try:
        file = settings.find_config_file(merge_shared_options(ctx, frame.options).config, frame.env.environ)
        names = settings.load(file).tables.profiles
    except (FilmgateError, OSError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


async def _latest_ids(context: CliContext, incomplete: str) -> list[CompletionItem]:
    if not context.uses_server:
        return []  # starting the engine of this program would take longer than anybody waits
    found: list[CompletionItem] = []
    async with asyncio.timeout(TIMEOUT), context.client() as client:
        async for video in client.videos.list(limit=MAX_IDS):
            if video.id.startswith(incomplete):
                words = " ".join((video.prompt or "").split())
                found.append(CompletionItem(video.id, help=f"{video.status} {words[:40]}".strip()))
            if len(found) >= MAX_IDS:
                break
    return found
