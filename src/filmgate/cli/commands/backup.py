"""``filmgate backup``, ``restore``, ``gc`` and ``migrate``: maintenance of a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from filmgate import __version__
from filmgate.bootstrap import data_folder
from filmgate.cli.command import Command
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_bytes
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.texts import Texts
from filmgate.flow.cleanup import StorageCleaner
from filmgate.ops import backup
from filmgate.ops.data_lock import acquire
from filmgate.storage import LocalStorage
from filmgate.store import migrations

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the commands by name."""
    folder = click.Path(path_type=Path, file_okay=False)
    target = click.Argument(["target"], type=folder, metavar=text("metavar.folder"))
    source = click.Argument(["source"], type=folder, metavar=text("metavar.folder"))
    dry = click.Option(["--dry-run"], is_flag=True, help=text("gc.dry_run"))
    verify = click.Option(["--verify"], is_flag=True, help=text("gc.verify"))
    return {
        "backup": Command("backup", text, _backup, [target]),
        "restore": Command("restore", text, _restore, [source]),
        "gc": Command("gc", text, _gc, [dry, verify]),
        "migrate": Command("migrate", text, _migrate),
    }


async def _backup(context: CliContext, target: Path) -> None:
    data = context.settings().data
    manifest = await asyncio.to_thread(backup.create, data, target, now=context.env.clock(), version=__version__)
    _report(context, "backup.done", target, manifest)


async def _restore(context: CliContext, source: Path) -> None:
    data = context.settings().data
    manifest = await asyncio.to_thread(backup.restore, source, data, now=context.env.clock())
    async with opened_store(context):
        pass  # opening migrates the rows of an older Filmgate
    _report(context, "restore.done", data, manifest)


async def _gc(context: CliContext, *, dry_run: bool, verify: bool) -> int:
    storage = LocalStorage(context.settings().data / "files")
    async with opened_store(context) as store:
        cleaner = StorageCleaner(store.videos, store.files, storage, context.env.clock)
        expired = await store.admin.count_expired(context.env.clock()) if dry_run else await cleaner.remove_expired()
        orphans = await cleaner.find_orphans(storage.modified_at)
        for key in () if dry_run else orphans:
            await storage.delete(key)
        staged = 0 if dry_run else await cleaner.remove_stale_staging()
    damaged = await asyncio.to_thread(backup.find_damaged, context.settings().data) if verify else []
    counts = {"expired": expired, "orphans": len(orphans), "staged": staged}
    if context.structured:
        context.print_json({**counts, "dry_run": dry_run} | ({"damaged": damaged} if verify else {}))
    else:
        context.print_out(context.text("gc.dry_run_done" if dry_run else "gc.done", **counts))
        for problem in damaged:
            context.print_out(problem)
    return ExitCode.INTEGRITY if damaged else ExitCode.OK


async def _migrate(context: CliContext) -> None:
    settings = context.settings()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = acquire(settings.data, "server", exclusive=True)  # a server of an older version cannot read the new rows
    try:
        await data_folder.open_store(settings).close()
    finally:
        lock.release()
    if context.structured:
        context.print_json({"revision": migrations.HEAD})
        return
    context.print_out(context.text("migrate.done", data=settings.data, revision=migrations.HEAD))


def _report(context: CliContext, name: str, folder: Path, manifest: backup.Manifest) -> None:
    if context.structured:
        context.print_json(
            {"folder": str(folder), "taken_at": manifest.taken_at, "rows": manifest.rows, "files": len(manifest.files)}
        )
        return
    size = sum(file.bytes for file in manifest.files.values())
    context.print_out(str(folder))
    context.info(
        name,
        videos=manifest.rows["video"],
        files=len(manifest.files),
        size=format_bytes(size),
        unfinished=manifest.unfinished,
    )
