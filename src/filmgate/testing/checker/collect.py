"""Collects facts from a folder, a database file and a process, without any of the server's code."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from filmgate.testing.checker.facts import (
    AssetRow,
    DatabaseSnapshot,
    FileDigest,
    HistoryRow,
    LedgerRow,
    OutboxEventRow,
    ProcessResources,
    VideoRow,
)

__all__ = ["list_files", "read_contents", "read_files", "read_resources", "read_rows"]

_OF_CHARACTER = (
    "SELECT id, '{0}', json_extract({0}, '$.key'), json_extract({0}, '$.bytes'), json_extract({0}, '$.sha256')"
    " FROM character"
)
_ASSETS = " UNION ALL ".join(
    [
        "SELECT video_id, kind, key, bytes, sha256 FROM asset",
        "SELECT id, 'upload', key, bytes, sha256 FROM file",
        *map(_OF_CHARACTER.format, ("picture", "film")),
    ]
)


def read_rows(database: Path) -> DatabaseSnapshot:
    """Read the tables, by plain SQL."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        run = connection.execute
        return DatabaseSnapshot(
            videos=[
                VideoRow(*row)
                for row in run(
                    "SELECT id, account_id, status, progress, price_micros, attempts, deleted_at IS NOT NULL"
                    " FROM video ORDER BY seq"
                )
            ],
            history=[
                HistoryRow(*row) for row in run("SELECT video_id, status, progress FROM video_event ORDER BY seq")
            ],
            assets=[AssetRow(*row) for row in run(_ASSETS)],
            ledger=[
                LedgerRow(*row)
                for row in run("SELECT account_id, video_id, kind, amount_micros FROM ledger_entry ORDER BY id")
            ],
            balances=dict(run("SELECT id, balance_micros FROM account").fetchall()),
            events=[OutboxEventRow(*row) for row in run("SELECT id, type, video_id, account_id FROM outbox")],
        )


def read_files(folder: Path) -> dict[str, FileDigest]:
    """The content below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): FileDigest(path.stat().st_size, _digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def list_files(*roots: Path, exclude: Path) -> dict[str, tuple[int, int]]:
    """Every file below the roots, except below ``exclude``: its size in bytes and modification time in ns."""
    paths = (path for root in roots for path in root.rglob("*") if path.is_file() and exclude not in path.parents)
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}


def read_contents(*paths: Path, exclude: str = "secrets") -> Iterator[tuple[str, bytes]]:
    """The bytes of files, and of all below folders, one by one; ``exclude`` names files that rightly hold keys."""
    for place in paths:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and exclude not in path.relative_to(place).parts:
                yield str(path), path.read_bytes()


def read_resources(pid: int) -> ProcessResources:
    """The resources that a process holds now, from /proc."""
    process = Path("/proc") / str(pid)
    lines = (line.partition(":") for line in (process / "status").read_text(encoding="ascii").splitlines())
    fields = {name: value.split() for name, _, value in lines}
    return ProcessResources(
        descriptors=len(list((process / "fd").iterdir())),
        threads=int(fields["Threads"][0]),
        rss_bytes=int(fields["VmRSS"][0]) * 1024,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
