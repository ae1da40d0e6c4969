"""``filmgate worker``: another worker process on the data folder of a server."""

from __future__ import annotations

from pathlib import Path

import click

from filmgate.bootstrap.application import build_application
from filmgate.cli import gc_policy
from filmgate.cli.command import Command
from filmgate.cli.context import CliContext
from filmgate.cli.long_running import stop_event, write_ready_file
from filmgate.cli.texts import Texts

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    ready = click.Option(
        ["--ready-file"],
        type=click.Path(path_type=Path),
        metavar=text("metavar.file"),
        help=text("worker.ready_file"),
    )
    return {"worker": Command("worker", text, _worker, [ready], long_running=True)}


async def _worker(context: CliContext, ready_file: Path | None) -> None:
    settings = context.settings({"worker": True})
    async with build_application(settings, "worker") as application:
        name = application.lock.executor_id
        with stop_event() as stop:
            gc_policy.when_ready()
            context.info("worker.ready", name=name, data=settings.data)
            with write_ready_file(ready_file, name):
                await stop.wait()
    context.info("serve.stopped")
