"""Shell completion of arguments: video ids and profiles."""

from __future__ import annotations

import asyncio

import click
from click.shell_completion import CompletionItem

from filmgate.cli.context import CliContext, merge_shared_options
from filmgate.errors import FilmgateError

__all__ = ["complete_ids", "complete_profiles"]

TIMEOUT = 1.0
"""Seconds to wait for ids before offering none."""


MAX_IDS = 20
"""Maximum number of ids offered: the latest ones."""


def complete_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids of the server's latest videos; none without a server or within ``TIMEOUT``."""
    context = ctx.find_object(CliContext)
    if context is None:
        return []
    context.options = merge_shared_options(ctx, context.options)
    try:
        return asyncio.run(_latest_ids(context, incomplete))
    except (FilmgateError, OSError, TimeoutError):
        return []  # completion must not print errors


def complete_profiles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of the profiles in the configuration file."""
    from filmgate.config import settings  # noqa: PLC0415 - what only some commands need is loaded by them

    context = ctx.find_object(CliContext)
    if context is None:
        return []
    try:
        file = settings.find_config_file(merge_shared_options(ctx, context.options).config, context.env.environ)
        names = settings.load(file).tables.profiles
    except (FilmgateError, OSError):
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


async def _latest_ids(context: CliContext, incomplete: str) -> list[CompletionItem]:
    if not context.uses_server:
        return []  # starting the embedded engine would take too long
    items: list[CompletionItem] = []
    async with asyncio.timeout(TIMEOUT), context.client() as client:
        async for video in client.videos.list(limit=MAX_IDS):
            if video.id.startswith(incomplete):
                prompt = " ".join((video.prompt or "").split())
                items.append(CompletionItem(video.id, help=f"{video.status} {prompt[:40]}".strip()))
            if len(items) >= MAX_IDS:
                break
    return items
