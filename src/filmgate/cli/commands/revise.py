"""``filmgate remix``, ``edit`` and ``extend``: a new video from an existing one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import click

from filmgate.cli import completers
from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import (
    check_output_free,
    follow,
    output_options,
    output_path,
    read_id,
    save_video,
    waiting_options,
)
from filmgate.cli.context import CliContext
from filmgate.cli.display.progress import create_display
from filmgate.cli.texts import Texts
from filmgate.client import AsyncClient, AsyncVideo

__all__ = ["commands"]

_EXTENSION_SECONDS = ("4", "8", "12", "16", "20")


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the commands by name."""
    prompt = click.Argument(["prompt"], metavar=text("metavar.prompt"))
    model = click.Option(["--model"], metavar="NAME", help=text("revise.model"))
    seconds = click.Option(
        ["--seconds"], type=click.Choice(_EXTENSION_SECONDS), default="4", help=text("extend.seconds")
    )
    id_argument = click.Argument(["video"], metavar=text("metavar.id"), shell_complete=completers.complete_ids)
    id_or_file = click.Argument(["video"], metavar=text("metavar.video"), shell_complete=completers.complete_ids)
    shared = [*output_options(text), *waiting_options(text)]
    return {
        "remix": Command("remix", text, _remix, [id_argument, prompt, *shared]),
        "edit": Command("edit", text, _edit, [id_or_file, prompt, model, *shared]),
        "extend": Command("extend", text, _extend, [id_or_file, prompt, seconds, model, *shared]),
    }


SubmitRevision = Callable[[AsyncClient], Awaitable[AsyncVideo]]


async def _remix(context: CliContext, *, video: str, prompt: str, **saving: Any) -> None:
    video_id = read_id(context, video)
    await _submit_and_save(context, lambda client: client.videos.remix(video_id, prompt), **saving)


async def _edit(context: CliContext, *, video: str, prompt: str, model: str | None, **saving: Any) -> None:
    video = read_id(context, video)
    await _submit_and_save(context, lambda client: client.videos.edit(prompt, video=video, model=model), **saving)


async def _extend(
    context: CliContext, *, video: str, prompt: str, seconds: str, model: str | None, **saving: Any
) -> None:
    video = read_id(context, video)

    def extend(client: AsyncClient) -> Awaitable[AsyncVideo]:
        return client.videos.extend(prompt, seconds=seconds, video=video, model=model)

    await _submit_and_save(context, extend, **saving)


async def _submit_and_save(
    context: CliContext,
    submit: SubmitRevision,
    *,
    output: str | None,
    force: bool,
    timeout: float | None,  # noqa: ASYNC109 - an option of the commands
    poll_interval: float | None,
) -> None:
    """Submit the video, wait for it and save it."""
    check_output_free(output, force=force)
    async with context.client(run_engine=True) as client:
        context.on_interrupt_submit()
        video = await submit(client)
        context.on_interrupt_watch(video.id)
        with closing(create_display(context)) as display:
            display.submitted(video)
            await follow(video, display, timeout, poll_interval)
            await save_video(context, video, output_path(video, output), display, force=force)
