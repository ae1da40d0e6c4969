"""``filmgate generate``: submits a video, waits for it and saves it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from filmgate.cli.command import Command
from filmgate.cli.commands.downloads import (
    check_output_free,
    follow,
    output_options,
    output_path,
    save_video,
    waiting_options,
)
from filmgate.cli.commands.submit import print_lint, resolve_options, submit, submit_options
from filmgate.cli.context import CliContext
from filmgate.cli.display.progress import create_display
from filmgate.cli.texts import Texts

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    params = [*submit_options(text), *output_options(text), *waiting_options(text)]
    return {"generate": Command("generate", text, _generate, params)}


async def _generate(
    context: CliContext,
    *,
    prompt: str,
    output: str | None,
    force: bool,
    timeout: float | None,  # noqa: ASYNC109 - an option of the command
    poll_interval: float | None,
    **arguments: Any,
) -> None:
    options = resolve_options(context, prompt, arguments)
    output = output or options.spec.output
    check_output_free(output, force=force)
    async with context.client(run_engine=not options.is_preview) as client:
        video = await submit(context, client, options)
        if video is None:
            return
        context.on_interrupt_watch(video.id)
        with closing(create_display(context)) as display:
            display.submitted(video)
            print_lint(context, options.spec)
            await follow(video, display, timeout, poll_interval)
            target = output_path(video, output, prompt=options.spec.prompt)
            await save_video(context, video, target, display, force=force)
