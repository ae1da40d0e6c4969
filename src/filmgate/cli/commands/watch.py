"""``filmgate watch`` and ``filmgate download``: wait for submitted videos and save them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import (
    follow,
    for_each_video,
    ids_argument,
    output_options,
    output_path,
    print_result,
    save_video,
    waiting_options,
)
from filmgate.cli.context import CliContext
from filmgate.cli.display.progress import ProgressDisplay
from filmgate.cli.texts import Texts
from filmgate.client.operations import Variant

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the commands by name."""
    no_save = click.Option(["--no-save"], is_flag=True, help=text("watch.no_save"))
    kinds = click.Choice(["video", "thumbnail", "spritesheet", "preview"])
    variant = click.Option(["--variant"], type=kinds, default="video", help=text("download.variant"))
    watching = [ids_argument(text), *output_options(text), no_save, *waiting_options(text)]
    return {
        "watch": Command("watch", text, _watch, watching),
        "download": Command("download", text, _download, [ids_argument(text), *output_options(text), variant]),
    }


async def _watch(
    context: CliContext,
    ids: Sequence[str],
    output: str | None,
    force: bool,  # noqa: FBT001 - passed by name
    no_save: bool,  # noqa: FBT001 - passed by name
    timeout: float | None,  # noqa: ASYNC109 - an option of the command
    poll_interval: float | None,
) -> int:
    async with context.client(run_engine=True) as client:

        async def act(video_id: str, display: ProgressDisplay) -> None:
            video = await client.videos.retrieve(video_id)
            context.on_interrupt_watch(video_id)
            await follow(video, display, timeout, poll_interval)
            if no_save:
                print_result(context, video, None)
            else:
                await save_video(context, video, output_path(video, output), display, force=force)

        return await for_each_video(context, ids, act)


async def _download(
    context: CliContext,
    ids: Sequence[str],
    output: str | None,
    force: bool,  # noqa: FBT001 - passed by name
    variant: Variant,
) -> int:
    async with context.client() as client:

        async def act(video_id: str, display: ProgressDisplay) -> None:
            video = await client.videos.retrieve(video_id)
            target = output_path(video, output, variant)
            await save_video(context, video, target, display, force=force, variant=variant)

        return await for_each_video(context, ids, act)
