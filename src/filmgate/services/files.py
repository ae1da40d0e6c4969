"""Uploaded files: stored per account within a quota, and opened for the requests that refer to them.

A request copies what it needs from a file, so a file may be deleted at any time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from filmgate.domain import UploadedFile, new_file_id
from filmgate.errors import FilmgateError, InvalidValue, StorageFault, UploadedFileNotFound, shorten
from filmgate.media.image_header import HAS_MAGIC
from filmgate.services.idempotency import RESEND_WINDOW
from filmgate.storage.base import MIN_FREE_BYTES, Reader, Storage
from filmgate.store import FileQuota, FileUsage, NewFile, Principal, Store
from filmgate.wire.params import FileId, FileParams, Upload

__all__ = ["FileContent", "FileLibrary", "FileService", "link_or_copy"]

OVERHEAD_BYTES = 64 * 1024
"""What a form may have beside its file, as its ``content-length`` counts both."""

_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "video/mp4": ".mp4"}
_OTHER_BRANDS = (b"avi", b"hei", b"hev", b"mif", b"msf")  # of images in the container of MP4: HEIC, AVIF


class FileContent(Struct, frozen=True):
    """An open file; the caller closes the reader."""

    asset: UploadedFile
    reader: Reader


class FileLibrary:
    """Looks up the files of all accounts.

    Args:
        store: rows.
        storage: bytes.
        clock: Unix seconds.
    """

    def __init__(self, store: Store, storage: Storage, clock: Callable[[], float]) -> None:
        self._store = store
        self._storage = storage
        self._clock = clock

    async def retrieve(self, principal: Principal, file_id: str) -> UploadedFile:
        """Return a file.

        Raises:
            UploadedFileNotFound: unknown, deleted, expired or another account's.
        """
        file = await self._store.files.get(file_id, principal.account_id, self._clock())
        if file is None:
            raise UploadedFileNotFound(file_id)
        return file

    @asynccontextmanager
    async def open_reference(
        self, account_id: str, reference: FileId, media: Literal["image", "video"], param: str
    ) -> AsyncIterator[tuple[UploadedFile, Path]]:
        """Provide the file that a request refers to, and a path to read it from.

        Raises:
            InvalidValue: it is unknown, deleted, expired, another account's, or of another kind.
            StorageFault: the storage can't be read.
        """
        file = await self._store.files.get(reference.id, account_id, self._clock())
        if file is None:
            raise _no_such_file(reference, param)
        if not file.media_type.startswith(media):
            raise InvalidValue(f"The file '{file.id}' is no {media}: its type is {file.media_type}.", param=param)
        try:
            async with self._storage.local_path(file.key, file.bytes) as path:
                yield file, path
        except FileNotFoundError:
            raise _no_such_file(reference, param) from None

    @asynccontextmanager
    async def staged_video(self, account_id: str, video: Upload | FileId) -> AsyncIterator[Upload]:
        """Provide a video as a staged file, which may be moved away; else it is deleted.

        Raises:
            InvalidValue: as in :meth:`open_reference`.
            StorageFault: the storage can't be read.
        """
        if isinstance(video, Upload):
            yield video
            return
        staged = self._storage.staging_path(".mp4")
        try:
            async with self.open_reference(account_id, video, "video", "video") as (file, path):
                await asyncio.to_thread(link_or_copy, path, staged)
            yield Upload(staged, file.bytes, file.sha256)
        finally:
            staged.unlink(missing_ok=True)


class FileService(FileLibrary):
    """Use cases of ``/v1/files``.

    Args:
        store: rows.
        storage: bytes.
        clock: Unix seconds.
        quota: of every account.
        max_bytes: of a request's body.
        free_bytes: returns how much room the storage has.
    """

    def __init__(
        self,
        store: Store,
        storage: Storage,
        clock: Callable[[], float],
        *,
        quota: FileQuota,
        max_bytes: int,
        free_bytes: Callable[[], int],
    ) -> None:
        super().__init__(store, storage, clock)
        self._quota = quota
        self._max_bytes = max_bytes
        self._free_bytes = free_bytes
        self._arriving: dict[str, list[int]] = {}  # bytes of the uploads that are being received, by account

    @asynccontextmanager
    async def admit(self, principal: Principal, content_length: int | None) -> AsyncIterator[None]:
        """Admit an upload before its body is read, and count it until it is stored or refused.

        Args:
            principal: the account and key of the request.
            content_length: of the body; None: not known.

        Raises:
            FileQuotaExceeded: the account's files would exceed its quota.
            StorageFault: the disk is nearly full.
        """
        used, arriving = await self._store.files.usage(principal.account_id), self._arriving
        current = arriving.get(principal.account_id, [])
        size = max(0, (content_length or 0) - OVERHEAD_BYTES)
        self._quota.check(FileUsage(used.files + len(current) + 1, used.bytes + sum(current) + size))
        counted = self._max_bytes if content_length is None else size
        current = arriving.setdefault(principal.account_id, current)
        current.append(counted)
        try:
            free = await asyncio.to_thread(self._free_bytes)
            if free - sum(map(sum, arriving.values())) < MIN_FREE_BYTES:
                raise StorageFault("The disk is nearly full.")
            yield
        finally:
            current.remove(counted)
            if not current:
                arriving.pop(principal.account_id, None)

    async def create(
        self, principal: Principal, params: FileParams, *, idempotency_key: str | None = None, retry_count: int = 0
    ) -> UploadedFile:
        """Store a file.

        Raises:
            InvalidValue: it is neither an image nor an MP4.
            FileQuotaExceeded: the account's files would exceed its quota.
            IdempotencyKeyReuse: the key was used within a day for another file.
            StorageFault: the storage failed.
        """
        now, path = self._clock(), params.file.path
        media_type = await asyncio.to_thread(_media_type, path)
        file_id = new_file_id(now)
        stored = await self._storage.commit(path, f"uploads/{file_id[-2:]}/{file_id}{_SUFFIXES[media_type]}")
        new = NewFile(
            file=UploadedFile(
                id=file_id,
                account_id=principal.account_id,
                filename=params.file.filename or f"upload{_SUFFIXES[media_type]}",
                purpose=params.purpose,
                media_type=media_type,
                bytes=stored.bytes,
                sha256=stored.sha256,
                key=stored.key,
                created_at=now,
                expires_at=None if params.expires_after is None else now + params.expires_after,
            ),
            key_id=principal.key_id,
            idempotency_key=idempotency_key,
            resend_since=now - RESEND_WINDOW if retry_count else None,
            fingerprint=_fingerprint(params),
        )
        try:
            file, created = await self._store.files.create(new, self._quota, now)
        except FilmgateError:  # after a cancellation the row may still be written: the sweep decides about the bytes
            await self._storage.delete(stored.key)
            raise
        if not created:
            await self._storage.delete(stored.key)
        return file

    async def list(
        self, principal: Principal, *, after: str | None, limit: int, ascending: bool, purpose: str | None
    ) -> tuple[list[UploadedFile], bool]:
        """Return a page of the account's files in order of creation, and whether more follow."""
        return await self._store.files.page(
            principal.account_id, self._clock(), after=after, limit=limit, ascending=ascending, purpose=purpose
        )

    async def delete(self, principal: Principal, file_id: str) -> None:
        """Remove a file; a running download continues to its end.

        Raises:
            UploadedFileNotFound: as in :meth:`retrieve`.
        """
        await self._storage.delete(await self._store.files.delete(file_id, principal.account_id, self._clock()))

    async def content(self, principal: Principal, file_id: str) -> FileContent:
        """Open a file.

        Raises:
            UploadedFileNotFound: as in :meth:`retrieve`.
            StorageFault: the storage can't be read.
        """
        file = await self.retrieve(principal, file_id)
        try:
            return FileContent(file, await self._storage.open(file.key, file.bytes))
        except FileNotFoundError:
            await self.retrieve(principal, file_id)  # deleted meanwhile; any other cause is our fault
            raise StorageFault from None


def link_or_copy(path: Path, to: Path) -> None:
    """Make ``to`` hold the bytes of ``path``, whatever becomes of that."""
    try:
        os.link(path, to)
    except FileNotFoundError:
        raise
    except OSError:
        # A different file system, or one without links.
        shutil.copyfile(path, to)


def _no_such_file(reference: FileId, param: str) -> InvalidValue:
    return InvalidValue(f"No such file: '{shorten(reference.id)}'.", param=param)


def _media_type(path: Path) -> str:
    """Return the media type by the file's first bytes.

    Raises:
        InvalidValue: it is neither an image nor an MP4.
    """
    with path.open("rb") as file:
        head = file.read(16)
    for kind, fits in HAS_MAGIC.items():
        if fits(head):
            return f"image/{kind.lower()}"
    if head[4:8] == b"ftyp" and not head.startswith(_OTHER_BRANDS, 8):
        return "video/mp4"
    raise InvalidValue("Invalid 'file': expected an image (PNG, JPEG or WebP) or an MP4 video.", param="file")


def _fingerprint(params: FileParams) -> str:
    fields = (params.file.sha256, params.file.filename, params.purpose, params.expires_after)
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
