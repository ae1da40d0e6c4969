"""From a fetched file to stored assets: verify, join with what it goes on from, derive its pictures, keep."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

from filmgate.domain import Asset, AssetKind, Size, Video
from filmgate.engines.base import Artifact
from filmgate.errors import StorageFault
from filmgate.media import derive, probe
from filmgate.media.stitch import stitch
from filmgate.storage.base import Storage
from filmgate.store import VideoRows

__all__ = ["Delivery"]

_FILES = {
    AssetKind.VIDEO: ("", ".mp4", "video/mp4"),
    AssetKind.THUMBNAIL: ("-thumbnail", ".webp", "image/webp"),
    AssetKind.SPRITESHEET: ("-spritesheet", ".jpg", "image/jpeg"),
    AssetKind.PREVIEW: ("-preview", ".webp", "image/webp"),
}

_MAKERS = {
    AssetKind.THUMBNAIL: derive.thumbnail,
    AssetKind.SPRITESHEET: derive.spritesheet,
    AssetKind.PREVIEW: derive.preview,
}


class Delivery:
    """Takes films into the storage.

    Keys carry a mark of the submission and of this process: a straggler that delivers the same video once more can
    neither replace a byte of what a row names, nor leave its own behind.
    """

    def __init__(self, storage: Storage, videos: VideoRows, executor_id: str) -> None:
        self._storage = storage
        self._videos = videos
        self._executor_id = executor_id

    async def verify(self, film: Path, video: Video) -> None:
        """Look whether the file is the film that was asked for: of an extension, its new segment.

        Raises:
            BadArtifact: it is not.
        """
        await asyncio.to_thread(probe.verify, film, video.recipe.size, video.recipe.made_seconds)

    async def keep(self, film: Path, video: Video, artifact: Artifact) -> list[Asset]:
        """Store the film and its pictures; no row names them yet.

        Raises:
            BadArtifact: it can't be joined with the film that it extends.
            StorageFault: the storage refused; staged files are gone, and stored ones are swept.
        """
        staged = dict(artifact.extras)
        try:
            async with self._whole(film, video, staged) as whole:
                staged[AssetKind.VIDEO] = whole
                await self._derive(whole, staged)
                return [await self._keep_one(video, kind, path) for kind, path in staged.items()]
        finally:
            _remove(path for kind, path in staged.items() if kind is not AssetKind.VIDEO)

    @asynccontextmanager
    async def _whole(self, film: Path, video: Video, staged: dict[AssetKind, Path]) -> AsyncIterator[Path]:
        """The film that the client gets; pictures of a mere segment are of no use to it."""
        if video.recipe.segment_seconds is None or video.recipe.source is None:
            yield film
            return
        _remove(staged.values())
        staged.clear()
        joined = self._storage.staging(".mp4")
        try:
            async with self._storage.local(video.recipe.source.key) as source:
                await asyncio.to_thread(stitch, source, film, joined)
            yield joined
        except FileNotFoundError as error:
            raise StorageFault("The film that is extended is no longer there.") from error
        finally:
            joined.unlink(missing_ok=True)

    async def discard(self, assets: Iterable[Asset], video_id: str) -> None:
        """Remove what was kept for a video that ended otherwise meanwhile."""
        named = {asset.key for asset in (await self._videos.assets(video_id)).values()}
        for asset in assets:
            if asset.key not in named:
                await self._storage.delete(asset.key)

    async def _derive(self, film: Path, staged: dict[AssetKind, Path]) -> None:
        missing = {kind: self._storage.staging(_FILES[kind][1]) for kind in _MAKERS if kind not in staged}
        if missing:
            staged |= missing
            await asyncio.to_thread(_make, film, missing)

    async def _keep_one(self, video: Video, kind: AssetKind, path: Path) -> Asset:
        size = video.recipe.size if kind is AssetKind.VIDEO else await asyncio.to_thread(_picture_size, path)
        part, suffix, media_type = _FILES[kind]
        stored = await self._storage.keep(path, self._key(video) + part + suffix)
        return stored.asset(kind, media_type, size)

    def _key(self, video: Video) -> str:
        mark = hashlib.sha256(f"{video.submit_token} {self._executor_id}".encode()).hexdigest()[:8]
        return f"videos/{video.id[6:8]}/{video.id}-{mark}"


def _make(film: Path, pictures: Mapping[AssetKind, Path]) -> None:
    frames = derive.sample(film)
    for kind, out in pictures.items():
        _MAKERS[kind](frames, out)


def _picture_size(path: Path) -> Size:
    with Image.open(path) as image:
        return Size(image.width, image.height)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
