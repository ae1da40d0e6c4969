"""``filmgate completion``: commands, options, profiles and ids on the Tab key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import click
from click.shell_completion import CompletionItem, get_completion_class

from filmgate.cli.environment import Environment
from filmgate.cli.frame import COMPLETION, Frame
from filmgate.cli.group import Command, shared
from filmgate.cli.texts import Texts
from filmgate.errors import FilmgateError

__all__ = ["commands", "complete", "ids", "profiles"]

SHELLS = ("bash", "zsh", "fish")

PATIENCE = 1.0
"""Seconds that somebody who pressed Tab waits for ids."""

SHOWN = 20
"""Ids that are offered: the latest."""


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    shell = click.Argument(["shell"], type=click.Choice(SHELLS), metavar="|".join(SHELLS))
    return {"completion": Command("completion", text, _completion, [shell])}


async def _completion(frame: Frame, *, shell: str) -> None:
    frame.put(_completer(click.Command("filmgate"), shell, frame).source())


def complete(tree: click.Command, env: Environment, frame: Frame) -> int:
    """Answer a shell: what may follow on its command line, a line each."""
    shell = env.environ[COMPLETION].partition("_")[0]
    if shell in SHELLS and (found := _completer(tree, shell, frame).complete()):
        frame.put(found)
    return 0


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
    from filmgate import settings  # noqa: PLC0415 - what only some commands need is loaded by them

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


def _completer(tree: click.Command, shell: str, frame: Frame) -> _Completer:
    kind: Callable[..., _Completer] | None = get_completion_class(shell)
    if kind is None:
        raise ValueError(shell)
    return kind(tree, {"obj": frame}, "filmgate", COMPLETION)


_Completer = click.shell_completion.ShellComplete
