"""``filmgate generate``: one line to a playable file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Literal

import click

from filmgate.cli.following import follow, output_of, output_options, refuse_taken, save
from filmgate.cli.frame import Frame
from filmgate.cli.group import Command
from filmgate.cli.progress import display
from filmgate.cli.texts import Texts
from filmgate.client import base_url_from

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    params: list[click.Parameter] = [
        click.Argument(["prompt"], metavar=text("metavar.prompt")),
        click.Option(["-i", "--image"], metavar=text("metavar.file"), help=text("generate.image")),
        click.Option(["--fit"], type=click.Choice(["error", "crop", "pad"]), help=text("generate.fit")),
        click.Option(["--size"], metavar="WxH", help=text("generate.size")),
        click.Option(["--seconds"], metavar="N", help=text("generate.seconds")),
        click.Option(["--model"], metavar="NAME", help=text("generate.model")),
        click.Option(["--seed"], type=int, metavar="N", help=text("generate.seed")),
        *output_options(text),
        click.Option(["--timeout"], type=click.FloatRange(min=0), metavar="S", help=text("generate.timeout")),
    ]
    return {"generate": Command("generate", text, _generate, params)}


async def _generate(
    frame: Frame,
    *,
    prompt: str,
    image: str | None,
    fit: Literal["error", "crop", "pad"] | None,
    size: str | None,
    seconds: str | None,
    model: str | None,
    seed: int | None,
    output: Path | None,
    force: bool,
    timeout: float | None,  # noqa: ASYNC109 - an option of the command
) -> None:
    if output is not None:
        refuse_taken(output, force=force)
    async with frame.client(works=True) as client:
        video = await client.generate(
            prompt, model=model, seconds=seconds, size=size, input_reference=image, seed=seed, fit=fit
        )
        elsewhere = frame.options.base_url or base_url_from(frame.env.environ)
        frame.parting = [frame.text("parting.watch" if elsewhere else "parting.embedded", id=video.id)]
        with closing(display(frame)) as shown:
            shown.submitted(video)
            await follow(video, shown, timeout)
            await save(frame, video, output_of(video.id, output), shown, force=force)
