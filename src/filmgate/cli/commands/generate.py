"""``filmgate generate``: one line to a playable file."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import follow, output_options, refuse_taken, save, target_of, waiting_options
from filmgate.cli.commands.submit import order_of, order_options, place, remark
from filmgate.cli.context import Frame
from filmgate.cli.display.progress import display
from filmgate.cli.texts import Texts

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    params = [*order_options(text), *output_options(text), *waiting_options(text)]
    return {"generate": Command("generate", text, _generate, params)}


async def _generate(
    frame: Frame,
    *,
    prompt: str,
    output: str | None,
    force: bool,
    timeout: float | None,  # noqa: ASYNC109 - an option of the command
    poll_interval: float | None,
    **given: Any,
) -> None:
    order = order_of(frame, prompt, given)
    output = output or order.wish.output
    refuse_taken(output, force=force)
    async with frame.client(works=not order.only_shown) as client:
        video = await place(frame, client, order)
        if video is None:
            return
        frame.leave_with(video.id)
        with closing(display(frame)) as shown:
            shown.submitted(video)
            remark(frame, order.wish)
            await follow(video, shown, timeout, poll_interval)
            target = target_of(video, output, prompt=order.wish.prompt)
            await save(frame, video, target, shown, force=force)
