"""``filmgate watch`` and ``filmgate download``: take a film up where somebody left off."""

from __future__ import annotations

from collections.abc import Sequence

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import (
    each,
    follow,
    ids_argument,
    output_options,
    report,
    save,
    target_of,
    waiting_options,
)
from filmgate.cli.context import Frame
from filmgate.cli.display.progress import Display
from filmgate.cli.texts import Texts
from filmgate.client.operations import Variant

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Both commands."""
    no_save = click.Option(["--no-save"], is_flag=True, help=text("watch.no_save"))
    kinds = click.Choice(["video", "thumbnail", "spritesheet", "preview"])
    variant = click.Option(["--variant"], type=kinds, default="video", help=text("download.variant"))
    watching = [ids_argument(text), *output_options(text), no_save, *waiting_options(text)]
    return {
        "watch": Command("watch", text, _watch, watching),
        "download": Command("download", text, _download, [ids_argument(text), *output_options(text), variant]),
    }


async def _watch(
    frame: Frame,
    ids: Sequence[str],
    output: str | None,
    force: bool,  # noqa: FBT001 - passed by name
    no_save: bool,  # noqa: FBT001 - passed by name
    timeout: float | None,  # noqa: ASYNC109 - an option of the command
    poll_interval: float | None,
) -> int:
    async with frame.client(works=True) as client:

        async def act(video_id: str, shown: Display) -> None:
            video = await client.videos.retrieve(video_id)
            frame.leave_with(video_id)
            await follow(video, shown, timeout, poll_interval)
            if no_save:
                report(frame, video, None)
            else:
                await save(frame, video, target_of(video, output), shown, force=force)

        return await each(frame, ids, act)


async def _download(
    frame: Frame,
    ids: Sequence[str],
    output: str | None,
    force: bool,  # noqa: FBT001 - passed by name
    variant: Variant,
) -> int:
    async with frame.client() as client:

        async def act(video_id: str, shown: Display) -> None:
            video = await client.videos.retrieve(video_id)
            target = target_of(video, output, variant)
            await save(frame, video, target, shown, force=force, variant=variant)

        return await each(frame, ids, act)
