"""Existing videos: retrieve, wait, list, delete, open a file.

These need only the rows and the files, no engine and no flow. So a command such as ``filmgate list`` runs them
without starting a server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from filmgate.domain import Asset, AssetKind, Status, VideoRecord
from filmgate.errors import StorageFault, VideoExpired, VideoNotFound, VideoNotReady
from filmgate.storage.base import Reader, Storage
from filmgate.store import Principal, Store

__all__ = ["VideoContent", "VideoLibrary"]


class VideoContent(Struct, frozen=True):
    """An open file of a video; the caller closes the reader."""

    video: VideoRecord
    asset: Asset
    reader: Reader


class VideoLibrary:
    """Operations on the existing videos of an account, for one store and one storage.

    Args:
        store: rows.
        storage: bytes.
        clock: Unix seconds.
    """

    def __init__(self, store: Store, storage: Storage, clock: Callable[[], float]) -> None:
        self._store = store
        self._storage = storage
        self._clock = clock

    async def retrieve(self, principal: Principal, video_id: str) -> VideoRecord:
        """Return a video as stored.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
        """
        video = await self._store.videos.get(video_id, principal.account_id)
        if video is None:
            raise VideoNotFound(video_id)
        return video

    async def wait(self, principal: Principal, video_id: str, seconds: float) -> VideoRecord:
        """Return the video once its status or progress changes, or after ``seconds``."""
        video = await self.retrieve(principal, video_id)
        previous, deadline = (video.status, video.progress), self._clock() + seconds
        while not video.finished and (video.status, video.progress) == previous:
            remaining = deadline - self._clock()
            if remaining <= 0:
                break
            await self.changed(video, remaining)
            video = await self.retrieve(principal, video_id)
        return video

    async def changed(self, video: VideoRecord, seconds: float) -> None:
        """Wait until any field of the row differs from ``video``, for at most ``seconds``."""
        await self._store.notifier.wait(video.id, video.version, seconds)

    async def list(
        self, principal: Principal, *, after: str | None, limit: int, ascending: bool
    ) -> tuple[Sequence[VideoRecord], bool]:
        """Return a page of the account's videos in order of acceptance, and whether more follow."""
        return await self._store.videos.page(principal.account_id, after=after, limit=limit, ascending=ascending)

    async def delete(self, principal: Principal, video_id: str) -> None:
        """Remove a finished video and its files; a running download continues to its end.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotDeletable: it is not finished.
        """
        for key in await self._store.videos.delete(video_id, principal.account_id, self._clock()):
            await self._storage.delete(key)

    async def content(
        self,
        principal: Principal,
        video_id: str,
        kind: AssetKind,
        *,
        wait_seconds: float = 0,
        retention: float | None = None,
    ) -> VideoContent:
        """Open a file of a completed video.

        Args:
            principal: the account and key of the request.
            video_id: the video.
            kind: which of its files.
            wait_seconds: how long to wait for an unfinished video; a waiting request costs only its connection.
            retention: seconds after completion at which a dialect ends access sooner than the server does.

        Raises:
            VideoNotFound: unknown, deleted or another account's.
            VideoNotReady: not completed (yet).
            VideoExpired: its retention is over.
        """
        video = await self._wait_until_finished(principal, video_id, wait_seconds)
        return await self._content(video, kind, retention)

    async def published(self, video_id: str, kind: AssetKind) -> VideoContent:
        """Open a file of a completed video for a request with a signed URL.

        Raises:
            VideoNotFound: unknown or deleted.
            VideoNotReady: not completed (yet).
            VideoExpired: its retention is over.
        """
        video = await self._store.videos.get(video_id)
        if video is None:
            raise VideoNotFound(video_id)
        return await self._content(video, kind)

    async def _content(self, video: VideoRecord, kind: AssetKind, retention: float | None = None) -> VideoContent:
        if video.status is not Status.COMPLETED:
            raise VideoNotReady
        if self._is_expired(video, retention):
            raise VideoExpired
        asset = (await self._store.videos.assets(video.id)).get(kind)
        if asset is None:
            raise VideoExpired
        return VideoContent(video, asset, await self._open(video, asset))

    async def _wait_until_finished(self, principal: Principal, video_id: str, seconds: float) -> VideoRecord:
        video, deadline = await self.retrieve(principal, video_id), self._clock() + seconds
        while not video.finished and (remaining := deadline - self._clock()) > 0:
            video = await self.wait(principal, video_id, remaining)
        return video

    def _is_expired(self, video: VideoRecord, retention: float | None) -> bool:
        access_ends = retention and (video.completed_at or 0) + retention
        ends = [end for end in (video.expires_at, access_ends) if end is not None]
        return bool(ends) and min(ends) <= self._clock()

    async def _open(self, video: VideoRecord, asset: Asset) -> Reader:
        try:
            return await self._storage.open(asset.key, asset.bytes)
        except FileNotFoundError:
            # Deleted or expired after the row was read: report that; any other cause is our fault.
            if await self._store.videos.get(video.id) is None:
                raise VideoNotFound(video.id) from None
            if asset.kind not in await self._store.videos.assets(video.id):
                raise VideoExpired from None
            raise StorageFault from None
