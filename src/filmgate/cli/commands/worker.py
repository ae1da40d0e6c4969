"""``filmgate worker``: one more process that makes videos, on the data folder of a server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from filmgate.atomic_files import atomic_write
from filmgate.bootstrap import application
from filmgate.cli.command import Command
from filmgate.cli.context import Frame
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
    async with application.build(settings, "worker") as gate, _Until() as told:
        frame.tell("worker.ready", name=gate.held.executor_id, data=settings.data)
        with _noted(ready_file, gate.held.executor_id):
            await told.wait()
    frame.tell("serve.stopped")


@contextmanager
def _noted(file: Path | None, name: str) -> Iterator[None]:
    """Say in a file who works, as long as it does."""
    if file is None:
        yield
        return
    atomic_write(file, name.encode("ascii"), durable=False)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


class _Until:
    """An event that SIGTERM and SIGINT set, as long as the block lasts."""

    async def __aenter__(self) -> asyncio.Event:
        self._loop = asyncio.get_running_loop()
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, told.set)
        return told

    async def __aexit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)
