"""Uploaded files of an account, and how many and how large they are in all."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, or_, select, update

from filmgate.domain import UploadedFile
from filmgate.errors import FileQuotaExceeded, UploadedFileNotFound
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.replays import ReplayLookup
from filmgate.store.schema import file, file_usage

__all__ = ["FileQuota", "FileRepository", "FileUsage", "NewFile"]


class FileUsage(Struct, frozen=True):
    """What an account's files add up to."""

    files: int = 0
    bytes: int = 0


class FileQuota(Struct, frozen=True):
    """What an account's files may add up to."""

    files: int
    bytes: int

    def check(self, usage: FileUsage) -> None:
        """Check a sum.

        Raises:
            FileQuotaExceeded: it is more than the quota.
        """
        if usage.files > self.files:
            raise FileQuotaExceeded(f"An account may store at most {self.files} files; delete one first.")
        if usage.bytes > self.bytes:
            raise FileQuotaExceeded(f"An account's files may have at most {self.bytes} bytes in all; delete one first.")


class NewFile(Struct, frozen=True, kw_only=True):
    """A file that is stored and whose row is about to be inserted."""

    file: UploadedFile
    key_id: str | None = None
    idempotency_key: str | None = None  # the client's header
    resend_since: float | None = None  # a resend: look for the same request with the same key since then
    fingerprint: str = ""

    @property
    def account_id(self) -> str:
        """The owner."""
        return self.file.account_id


_COLUMNS = tuple(file.c[name] for name in UploadedFile.__struct_fields__)
_IS_CURRENT = or_(file.c.expires_at.is_(None), file.c.expires_at > bindparam("now"))
_OWNED = (file.c.id == bindparam("file_id"), file.c.account_id == bindparam("owner"), _IS_CURRENT)
_GET = select(*_COLUMNS).where(*_OWNED)
_ALL = select(*_COLUMNS).where(file.c.account_id == bindparam("owner"), _IS_CURRENT).limit(bindparam("most"))
_OLDEST, _NEWEST = _ALL.order_by(file.c.id), _ALL.order_by(file.c.id.desc())
_OLDEST_AFTER, _NEWEST_AFTER = (
    _OLDEST.where(file.c.id > bindparam("after")),
    _NEWEST.where(file.c.id < bindparam("after")),
)
_PAGES = {
    (ascending, is_after, is_filtered): page.where(file.c.purpose == bindparam("purpose")) if is_filtered else page
    for ascending, is_after, page in (
        (True, False, _OLDEST),
        (False, False, _NEWEST),
        (True, True, _OLDEST_AFTER),
        (False, True, _NEWEST_AFTER),
    )
    for is_filtered in (False, True)
}
_INSERT = insert(file).values(**{column.name: bindparam(column.name) for column in file.c})
_REPLAYS = ReplayLookup(file, _COLUMNS)
_DELETE = delete(file).where(*_OWNED).returning(file.c.key, file.c.bytes)
_EXPIRED = (
    select(file.c.id, file.c.account_id, file.c.bytes, file.c.key)
    .where(file.c.expires_at.is_not(None), file.c.expires_at <= bindparam("now"))
    .limit(bindparam("most"))
)
_DROP = delete(file).where(file.c.id == bindparam("file_id"))
_USAGE = select(file_usage.c.files, file_usage.c.bytes).where(file_usage.c.account_id == bindparam("owner"))
_FIRST = insert(file_usage).values(account_id=bindparam("owner"), files=0, bytes=0)
_ADD = (
    update(file_usage)
    .where(file_usage.c.account_id == bindparam("owner"))
    .values(files=file_usage.c.files + bindparam("count"), bytes=file_usage.c.bytes + bindparam("size"))
)


class FileRepository:
    """Reads run at once on a connection of their own; writes return when they are on disk."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def create(self, new: NewFile, quota: FileQuota, now: float) -> tuple[UploadedFile, bool]:
        """Insert a file, if the account's files stay within ``quota``.

        Returns:
            The file, and whether it is new; a replay or a resend returns the existing one.

        Raises:
            FileQuotaExceeded: they do not.
            IdempotencyKeyReuse: the key was used within a day with another fingerprint.
        """
        return await self._writer.write(lambda connection: _create(connection, new, quota, now))

    async def get(self, file_id: str, account_id: str, now: float) -> UploadedFile | None:
        """Return the file; None if it is unknown, expired or not ``account_id``'s."""
        row = self._reader.fetch_one(_GET, file_id=file_id, owner=account_id, now=now)
        return None if row is None else _to_file(row)

    async def page(
        self, account_id: str, now: float, *, after: str | None, limit: int, ascending: bool, purpose: str | None
    ) -> tuple[list[UploadedFile], bool]:
        """Return up to ``limit`` files in order of creation, and whether more follow.

        Args:
            account_id: id of the account.
            now: Unix seconds.
            after: the id of the last file of the previous page, which may be deleted since.
            limit: at least 1.
            ascending: oldest first.
            purpose: that of the files; None: any.
        """
        given = {"after": after, "purpose": purpose}
        values = {name: value for name, value in given.items() if value is not None}
        page = _PAGES[ascending, "after" in values, "purpose" in values]
        rows = self._reader.fetch_all(page, owner=account_id, now=now, most=limit + 1, **values)
        return [_to_file(row) for row in rows[:limit]], len(rows) > limit

    async def delete(self, file_id: str, account_id: str, now: float) -> str:
        """Delete a file's row; returns its storage key.

        Raises:
            UploadedFileNotFound: unknown, expired or not ``account_id``'s.
        """
        return await self._writer.write(partial(_delete, file_id=file_id, account_id=account_id, now=now))

    async def usage(self, account_id: str) -> FileUsage:
        """Return what the account's files add up to."""
        return _usage(self._reader, account_id) or FileUsage()

    async def drop_expired(self, now: float, limit: int = 100) -> list[str]:
        """Delete the rows of up to ``limit`` expired files; returns their keys."""
        return await self._writer.write(partial(_drop_expired, now=now, limit=limit))


def _create(connection: DbConnection, new: NewFile, quota: FileQuota, now: float) -> tuple[UploadedFile, bool]:
    if row := _REPLAYS.find(connection, new, now):
        return _to_file(row), False
    used = _usage(connection, new.account_id)
    if used is None:
        connection.execute(_FIRST, owner=new.account_id)
    used = used or FileUsage()
    quota.check(FileUsage(used.files + 1, used.bytes + new.file.bytes))
    connection.execute(_ADD, owner=new.account_id, count=1, size=new.file.bytes)
    values = {"key_id": new.key_id, "idempotency_key": new.idempotency_key, "fingerprint": new.fingerprint}
    connection.execute(_INSERT, **msgspec.structs.asdict(new.file) | values)
    return new.file, True


def _delete(connection: DbConnection, *, file_id: str, account_id: str, now: float) -> str:
    row = connection.fetch_one(_DELETE, file_id=file_id, owner=account_id, now=now)
    if row is None:
        raise UploadedFileNotFound(file_id)
    key, size = row
    connection.execute(_ADD, owner=account_id, count=-1, size=-size)
    return str(key)


def _drop_expired(connection: DbConnection, *, now: float, limit: int) -> list[str]:
    rows = connection.fetch_all(_EXPIRED, now=now, most=limit)
    for file_id, account_id, size, _key in rows:
        connection.execute(_DROP, file_id=file_id)
        connection.execute(_ADD, owner=account_id, count=-1, size=-size)
    return [key for _id, _account, _size, key in rows]


def _usage(connection: DbConnection, account_id: str) -> FileUsage | None:
    row = connection.fetch_one(_USAGE, owner=account_id)
    return None if row is None else FileUsage(*row)


def _to_file(row: tuple[Any, ...]) -> UploadedFile:
    return UploadedFile(**dict(zip(UploadedFile.__struct_fields__, row, strict=True)))
