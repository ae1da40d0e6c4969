"""Backup and restore: a data folder copied while a server runs, verified whole, restored into an empty folder.

A backup is a folder: ``filmgate.sqlite`` (the rows as of one moment), ``files/kept`` (every file that those rows name),
``secrets`` (without which encrypted rows can't be read) and ``manifest.json``, written last: without it the copy is
incomplete. The durable engine's own file is left out; the rows are enough to resume.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from filmgate.atomic_files import atomic_write, sync
from filmgate.errors import IntegrityError, SettingsError

__all__ = ["BackupFile", "Manifest", "create", "find_damaged", "restore", "verify"]

T = TypeVar("T")

DATABASE, KEPT, SECRETS, MANIFEST = "filmgate.sqlite", "files/kept", "secrets", "manifest.json"
FORMAT = 1

MAX_SNAPSHOTS = 20
"""Copies of the rows that are tried until none of the files that they name was removed meanwhile."""

_CHARACTERS = "SELECT json_extract({0}, '$.key'), json_extract({0}, '$.sha256') FROM character"
_REFERENCED = {
    "asset": ["SELECT key, sha256 FROM asset"],
    "character": [_CHARACTERS.format(column) for column in ("picture", "film")],
    "file": ["SELECT key, sha256 FROM file"],
}
"""By table, what selects the files that it names. Rows that an older Filmgate wrote may lack a table."""

_COUNTED_TABLES = ("account", "api_key", "asset", "character", "file", "ledger_entry", "video")


class BackupFile(Struct, frozen=True):
    """One file of a backup."""

    bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: int
    taken_at: float
    filmgate: str
    revision: str  # of the database
    rows: dict[str, int]  # by table
    unfinished: int  # videos
    files: dict[str, BackupFile]  # by path within the backup


def create(
    data: Path, target: Path, *, now: float, version: str, on_copied: Callable[[], None] = lambda: None
) -> Manifest:
    """Copy a data folder that may be in use; files are linked where the file system allows.

    Args:
        data: the data folder.
        target: a folder that is empty or does not exist.
        now: Unix seconds.
        version: of Filmgate, for the manifest.
        on_copied: called after each copy of the rows, before their files are copied.

    Raises:
        SettingsError: there is nothing to copy, or the target is in use.
        IntegrityError: a file's content differs from the digest in its row.
    """
    if not (data / DATABASE).exists():
        raise SettingsError(f"There is no database in {data}: nothing to back up.")
    _require_empty(target)
    named = _copy_consistently(data, target, on_copied)
    _copy_secrets(data / SECRETS, target / SECRETS)
    manifest = _build_manifest(target, named, now, version)
    atomic_write(target / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)), mode=0o600)
    verify(target)
    return manifest


def verify(source: Path) -> Manifest:
    """Read a whole backup and check every digest.

    Raises:
        SettingsError: it is no backup, or made by a newer Filmgate.
        IntegrityError: a file is missing or its content differs.
    """
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise SettingsError(f"{source} is no whole backup: it has no {MANIFEST}.") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"{source / MANIFEST} can't be read: {error}") from error
    if manifest.format > FORMAT:
        raise SettingsError(f"{source} was made by a newer Filmgate ({manifest.filmgate}).")
    for name, expected in manifest.files.items():
        if not _is_within(name):
            raise IntegrityError(f"The backup's manifest names a file outside of it: {name}")
        if not (source / name).is_file() or _digest(source / name) != expected:
            raise IntegrityError(f"{name} of the backup {source} is missing or holds other bytes than it did.")
    return manifest


def restore(source: Path, data: Path, *, now: float) -> Manifest:
    """Put a backup into an empty folder.

    The backup cannot know what was submitted after it was taken: unfinished videos come back with an unknown
    outcome, so that no paid engine gets a second submission.

    Args:
        source: a backup.
        data: a folder that is empty or does not exist.
        now: Unix seconds.

    Raises:
        SettingsError: the source is no backup, or the folder is in use.
        IntegrityError: the backup is damaged.
    """
    manifest = verify(source)
    _require_empty(data)
    # The database comes last: a folder that was restored only in part has none.
    for name in sorted(manifest.files, key=lambda name: name == DATABASE):
        _copy(source / name, data / name, link=False)
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as connection:
        _mark_unknown(connection, now)
    sync(data / DATABASE)
    return manifest


def find_damaged(data: Path) -> list[str]:
    """Read every file that a row names, and return a sentence for each that is gone or not what was stored.

    It reads one file after the other, and may run beside a server: a file whose row is gone by the time that it is
    read is no damage.
    """
    problems = {}
    for name, digest in _referenced_files(data / DATABASE).items():
        try:
            found = _digest(data / name)
        except FileNotFoundError:
            problems[name] = f"{name} is gone"
        except OSError as error:
            problems[name] = f"{name} can't be read: {error.strerror}"
        else:
            if found.sha256 != digest:
                problems[name] = f"{name} is damaged: its {found.bytes} bytes are not those that were stored"
    still_named = _referenced_files(data / DATABASE) if problems else {}
    return [problem for name, problem in problems.items() if name in still_named]


def _mark_unknown(connection: sqlite3.Connection, now: float) -> None:
    changed = "updated_at = ?, version = version + 1, failovers = 1"
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE video SET stage = 'submitting', submit_token = 'restored-' || lower(hex(randomblob(16))),"  # noqa: S608
        f" submit_at = coalesce(submit_at, ?), {changed} WHERE stage IN ('accepted', 'submitting')",
        (now, now),
    )
    connection.execute(
        f"UPDATE video SET {changed} WHERE stage IN ('watching', 'fetching')",  # noqa: S608 - both are constants
        (now,),
    )
    connection.execute("COMMIT")


def _copy_consistently(data: Path, target: Path, on_copied: Callable[[], None]) -> dict[str, str]:
    """Copy the rows and every file that they name; returns those files' digests by path within the backup."""
    for _ in range(MAX_SNAPSHOTS):
        _copy_rows(data / DATABASE, target / DATABASE)
        on_copied()
        named = _referenced_files(target / DATABASE)
        # A file may be deleted between the copy of its row and its own copy; then newer rows don't name it.
        missing = [name for name in named if not _link_file(data / name, target / name)]
        if not missing:
            _delete_unreferenced(target, named)
            return named
    raise IntegrityError(f"{missing[0]} is named by a row, and it is gone.")


def _copy_rows(database: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        copy.chmod(0o600)
        source.backup(target)  # in one step: a consistent view of one moment, which blocks no writer
        target.execute("PRAGMA journal_mode = DELETE").fetchall()
        faults = [row[0] for row in target.execute("PRAGMA integrity_check")]
    if faults != ["ok"]:
        raise IntegrityError(f"The database {database} is damaged: {faults[0]}")
    sync(copy)


def _referenced_files(database: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        statements = [sql for table in _existing(connection, _REFERENCED) for sql in _REFERENCED[table]]
        return {f"{KEPT}/{key}": digest for sql in statements for key, digest in connection.execute(sql)}


def _link_file(source: Path, target: Path) -> bool:
    """Whether the file is in the backup now."""
    try:
        if not target.exists():
            _copy(source, target, link=True)
    except FileNotFoundError:
        return False
    return True


def _delete_unreferenced(target: Path, referenced: Iterable[str]) -> None:
    kept = {target / name for name in referenced}
    for path in [path for path in (target / KEPT).rglob("*") if path.is_file() and path not in kept]:
        path.unlink()


def _copy_secrets(secrets: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(secrets.glob("*")) if secrets.is_dir() else ():
        if path.is_file():
            _copy(path, target / path.name, link=False)


def _build_manifest(target: Path, referenced: dict[str, str], now: float, version: str) -> Manifest:
    files = {}
    for path in sorted(path for path in target.rglob("*") if path.is_file()):
        name = path.relative_to(target).as_posix()
        files[name] = _digest(path)
        if referenced.get(name, files[name].sha256) != files[name].sha256:
            raise IntegrityError(f"{name} holds other bytes than its row says.")
    with closing(sqlite3.connect(target / DATABASE)) as connection:
        return Manifest(
            format=FORMAT,
            taken_at=now,
            filmgate=version,
            revision=_scalar(connection, "SELECT version_num FROM alembic_version", str),
            rows={
                table: _scalar(connection, f"SELECT count(*) FROM {table}", int)  # noqa: S608 - a constant
                for table in _existing(connection, _COUNTED_TABLES)
            },
            unfinished=_scalar(connection, "SELECT count(*) FROM video WHERE stage <> 'done'", int),
            files=files,
        )


def _existing(connection: sqlite3.Connection, tables: Iterable[str]) -> list[str]:
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [table for table in tables if table in found]


def _scalar(connection: sqlite3.Connection, sql: str, kind: Callable[[Any], T]) -> T:
    return kind(connection.execute(sql).fetchone()[0])


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise SettingsError(f"{folder} is not empty. Choose a folder that is empty or does not exist yet.")
    except OSError as error:
        raise SettingsError(f"The folder {folder} can't be used: {error.strerror}.") from error


def _copy(source: Path, target: Path, *, link: bool) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if link:
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            link = False  # another file system, or one without links
    if not link:
        shutil.copyfile(source, target)
        target.chmod(0o600)
        sync(target)


def _digest(path: Path) -> BackupFile:
    with path.open("rb") as file:
        return BackupFile(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _is_within(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")
