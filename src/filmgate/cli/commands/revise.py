"""``filmgate remix``, ``edit`` and ``extend``: from a film to the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import click

from filmgate.cli import completers
from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import (
    follow,
    output_options,
    read_id,
    refuse_taken,
    save,
    target_of,
    waiting_options,
)
from filmgate.cli.context import Frame
from filmgate.cli.display.progress import display
from filmgate.cli.texts import Texts
from filmgate.client import AsyncClient, AsyncVideo

__all__ = ["commands"]

_SEGMENTS = ("4", "8", "12", "16", "20")


def commands(text: Texts) -> dict[str, click.Command]:
    """All three commands."""
    prompt = click.Argument(["prompt"], metavar=text("metavar.prompt"))
    model = click.Option(["--model"], metavar="NAME", help=text("revise.model"))
    seconds = click.Option(["--seconds"], type=click.Choice(_SEGMENTS), default="4", help=text("extend.seconds"))
    ours = click.Argument(["film"], metavar=text("metavar.id"), shell_complete=completers.ids)
    film = click.Argument(["film"], metavar=text("metavar.film"), shell_complete=completers.ids)
    shared = [*output_options(text), *waiting_options(text)]
    return {
        "remix": Command("remix", text, _remix, [ours, prompt, *shared]),
        "edit": Command("edit", text, _edit, [film, prompt, model, *shared]),
        "extend": Command("extend", text, _extend, [film, prompt, seconds, model, *shared]),
    }


Ask = Callable[[AsyncClient], Awaitable[AsyncVideo]]


async def _remix(frame: Frame, *, film: str, prompt: str, **saving: Any) -> None:
    film = read_id(frame, film)
    await _made(frame, lambda client: client.videos.remix(film, prompt), **saving)


async def _edit(frame: Frame, *, film: str, prompt: str, model: str | None, **saving: Any) -> None:
    film = read_id(frame, film)
    await _made(frame, lambda client: client.videos.edit(prompt, video=film, model=model), **saving)


async def _extend(frame: Frame, *, film: str, prompt: str, seconds: str, model: str | None, **saving: Any) -> None:
    film = read_id(frame, film)

    def ask(client: AsyncClient) -> Awaitable[AsyncVideo]:
        return client.videos.extend(prompt, seconds=seconds, video=film, model=model)

    await _made(frame, ask, **saving)


async def _made(
    frame: Frame,
    ask: Ask,
    *,
    output: str | None,
    force: bool,
    timeout: float | None,  # noqa: ASYNC109 - an option of the commands
    poll_interval: float | None,
) -> None:
    """Ask for the film, wait for it and save it."""
    refuse_taken(output, force=force)
    async with frame.client(works=True) as client:
        frame.leave_asking()
        video = await ask(client)
        frame.leave_with(video.id)
        with closing(display(frame)) as shown:
            shown.submitted(video)
            await follow(video, shown, timeout, poll_interval)
            await save(frame, video, target_of(video, output), shown, force=force)
