"""``filmgate worker``: one more process that makes videos, on the data folder of a server."""

from __future__ import annotations

from pathlib import Path

import click

from filmgate.bootstrap import application
from filmgate.cli.command import Command
from filmgate.cli.context import Frame
from filmgate.cli.long_running import stop_event, write_ready_file
from filmgate.cli.texts import Texts

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    ready = click.Option(
        ["--ready-file"],
        type=click.Path(path_type=Path),
        metavar=text("metavar.file"),
        help=text("worker.ready_file"),
    )
    return {"worker": Command("worker", text, _work, [ready], lasts=True)}


async def _work(frame: Frame, ready_file: Path | None) -> None:
    settings = frame.settings({"worker": True})
    async with application.build(settings, "worker") as gate:
        name = gate.held.executor_id
        with stop_event() as stop:
            frame.tell("worker.ready", name=name, data=settings.data)
            with write_ready_file(ready_file, name):
                await stop.wait()
    frame.tell("serve.stopped")
