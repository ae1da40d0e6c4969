"""Reference images: fetched or uploaded, normalised to PNG, and stored for the video that uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filmgate.config.catalog import DialectLimits, ResolvedRequest
from filmgate.domain import Asset, AssetKind, Fit, Size
from filmgate.services.files import FileLibrary
from filmgate.storage.base import Storage
from filmgate.wire.params import CreateParams, FileId, ImageReference, ImageUrl, Upload

if TYPE_CHECKING:
    from filmgate.net.guard import Guard

__all__ = ["ReferenceImages"]

FETCH_TIMEOUT = 30.0
"""Timeout of fetching a reference URL, in seconds."""

CONCURRENCY = 2
"""Reference images normalised at a time: each is held in memory both as a file and as pixels."""


class ReferenceImages:
    """Ingests the reference image of a video before the video is accepted.

    Args:
        storage: stores the image.
        files: opens the file that a request refers to.
        guard: fetches the URL of a request.
        limit: maximum size of the incoming image, in bytes.
    """

    def __init__(self, storage: Storage, files: FileLibrary, guard: Guard, limit: int) -> None:
        self._storage = storage
        self._files = files
        self._guard = guard
        self._limit = limit
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def ingest_reference(
        self, account_id: str, video_id: str, params: CreateParams, resolved: ResolvedRequest, limits: DialectLimits
    ) -> Asset | None:
        """Store the request's reference image; None if it has none.

        Raises:
            RequestError: it can't be fetched, is no usable image, or has the wrong size.
            StorageFault: the storage failed.
        """
        if params.input_reference is None:
            return None
        out = self._storage.staging_path(".png")
        try:
            async with self._open(account_id, params.input_reference) as source, self._slots:
                await asyncio.to_thread(self._normalise, source, out, params.fit or Fit.ERROR, resolved.size, limits)
            stored = await self._storage.commit(out, f"references/{video_id[6:8]}/{video_id}.png")
        finally:
            out.unlink(missing_ok=True)
        return stored.asset(AssetKind.REFERENCE, "image/png", resolved.size)

    @asynccontextmanager
    async def _open(self, account_id: str, reference: ImageReference) -> AsyncIterator[Path | bytes]:
        match reference:
            case Upload(path=path):
                yield path
            case ImageUrl(url=url) if url.startswith("data:"):
                yield await asyncio.to_thread(self._decode, url)
            case ImageUrl(url=url):
                async with self._fetched(account_id, url) as path:
                    yield path
            case FileId():
                async with self._files.open_reference(account_id, reference, "image", "input_reference") as (_, path):
                    yield path

    @asynccontextmanager
    async def _fetched(self, account_id: str, url: str) -> AsyncIterator[Path]:
        into = self._storage.staging_path(".image")
        try:
            await self._guard.for_owner(account_id).fetch(url, into, limit=self._limit, timeout=FETCH_TIMEOUT)
            yield into
        finally:
            into.unlink(missing_ok=True)

    def _decode(self, url: str) -> bytes:
        from filmgate.media import images  # noqa: PLC0415 - loads the image library with the first image

        return images.decode_data_url(url, self._limit)

    def _normalise(self, source: Path | bytes, out: Path, fit: Fit, size: Size, limits: DialectLimits) -> None:
        from filmgate.media import images  # noqa: PLC0415 - the same reason

        types = limits.image_types or images.IMAGE_TYPES
        images.normalize_image(source, size=size, fit=fit, limit=self._limit, out=out, types=types)
