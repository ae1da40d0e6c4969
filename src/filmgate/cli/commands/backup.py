"""``filmgate backup``, ``restore``, ``gc`` and ``migrate``: care for a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from filmgate import __version__
from filmgate.bootstrap import data_folder
from filmgate.cli.command import Command
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import size
from filmgate.cli.texts import Texts
from filmgate.flow.cleanup import Sweeps
from filmgate.ops import backup
from filmgate.ops.data_lock import claim
from filmgate.storage import LocalStorage
from filmgate.store import migrations

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The four."""
    folder = click.Path(path_type=Path, file_okay=False)
    target = click.Argument(["target"], type=folder, metavar=text("metavar.folder"))
    source = click.Argument(["source"], type=folder, metavar=text("metavar.folder"))
    dry = click.Option(["--dry-run"], is_flag=True, help=text("gc.dry_run"))
    return {
        "backup": Command("backup", text, _backup, [target]),
        "restore": Command("restore", text, _restore, [source]),
        "gc": Command("gc", text, _gc, [dry]),
        "migrate": Command("migrate", text, _migrate),
    }


async def _backup(frame: Frame, target: Path) -> None:
    data = frame.settings().data
    made = await asyncio.to_thread(backup.take, data, target, now=frame.env.clock(), version=__version__)
    _tell(frame, "backup.done", target, made)


async def _restore(frame: Frame, source: Path) -> None:
    data = frame.settings().data
    made = await asyncio.to_thread(backup.restore, source, data, now=frame.env.clock())
    async with opened_store(frame):
        pass  # opening brings rows of an older Filmgate up to date
    _tell(frame, "restore.done", data, made)


async def _gc(frame: Frame, *, dry_run: bool) -> None:
    storage = LocalStorage(frame.settings().data / "files")
    async with opened_store(frame) as store:
        sweeps = Sweeps(store.videos, storage, frame.env.clock)
        expired = await store.jobs.expired(frame.env.clock()) if dry_run else await sweeps.expire()
        useless = await sweeps.useless(storage.touched)
        for key in () if dry_run else useless:
            await storage.delete(key)
        staged = 0 if dry_run else await sweeps.stale()
    if frame.structured:
        frame.dump({"expired": expired, "orphans": len(useless), "staged": staged, "dry_run": dry_run})
        return
    frame.put(frame.text("gc.would" if dry_run else "gc.done", expired=expired, orphans=len(useless), staged=staged))


async def _migrate(frame: Frame) -> None:
    settings = frame.settings()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = claim(settings.data, "server", alone=True)  # a server of the old code would not understand the new rows
    try:
        await data_folder.open_store(settings).close()
    finally:
        held.release()
    if frame.structured:
        frame.dump({"revision": migrations.HEAD})
        return
    frame.put(frame.text("migrate.done", data=settings.data, revision=migrations.HEAD))


def _tell(frame: Frame, name: str, folder: Path, made: backup.Manifest) -> None:
    if frame.structured:
        frame.dump({"folder": str(folder), "taken_at": made.taken_at, "rows": made.rows, "files": len(made.files)})
        return
    weight = sum(file.bytes for file in made.files.values())
    frame.put(str(folder))
    frame.tell(name, videos=made.rows["video"], files=len(made.files), size=size(weight), unfinished=made.unfinished)
