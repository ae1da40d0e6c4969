"""Ingest of a downloaded file: verify it, stitch extensions, derive images, store the assets."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from filmgate.domain import Asset, AssetKind, Size, VideoRecord
from filmgate.engines.base import Artifact
from filmgate.errors import DamagedFile, StorageFault
from filmgate.storage.base import Storage
from filmgate.store import VideoRepository

__all__ = ["ArtifactIngest"]

_ASSET_FILES = {
    AssetKind.VIDEO: ("", ".mp4", "video/mp4"),
    AssetKind.THUMBNAIL: ("-thumbnail", ".webp", "image/webp"),
    AssetKind.SPRITESHEET: ("-spritesheet", ".jpg", "image/jpeg"),
    AssetKind.PREVIEW: ("-preview", ".webp", "image/webp"),
}

_DERIVED = (AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW)


class ArtifactIngest:
    """Stores verified videos and their images.

    Keys contain a hash of the submission and of this process: a stale worker that stores the same video once more can
    neither replace a byte of a referenced file, nor leave its own behind.
    """

    def __init__(self, storage: Storage, videos: VideoRepository, executor_id: str) -> None:
        self._storage = storage
        self._videos = videos
        self._executor_id = executor_id

    async def verify(self, path: Path, video: VideoRecord) -> None:
        """Check that the file is the requested video; for an extension, its new segment.

        Raises:
            BadArtifact: it is not.
        """
        await asyncio.to_thread(_verify, path, video.recipe.size, video.recipe.render_seconds)

    async def store(self, video_path: Path, video: VideoRecord, artifact: Artifact) -> list[Asset]:
        """Store the video and its images; no row references them yet.

        Raises:
            BadArtifact: it can't be stitched to the video that it extends.
            StorageFault: the storage refused; staged files are deleted, and stored ones are left to the cleanup.
        """
        staged = dict(artifact.extras)
        try:
            async with self._final_video(video_path, video, staged) as final_path:
                staged[AssetKind.VIDEO] = final_path
                await self._derive(final_path, staged)
                return [await self._store_asset(video, kind, path) for kind, path in staged.items()]
        finally:
            _unlink_all(path for kind, path in staged.items() if kind is not AssetKind.VIDEO)

    @asynccontextmanager
    async def _final_video(self, path: Path, video: VideoRecord, staged: dict[AssetKind, Path]) -> AsyncIterator[Path]:
        """Provide the client's video; for an extension, drop the engine's images, which show its segment only."""
        original = video.recipe.source
        if video.recipe.segment_seconds is None or original is None:
            yield path
            return
        _unlink_all(staged.values())
        staged.clear()
        joined = self._storage.staging_path(".mp4")
        try:
            async with self._storage.local_path(original.key, original.bytes) as source:
                await asyncio.to_thread(_stitch, source, path, joined)
            yield joined
        except (FileNotFoundError, DamagedFile) as error:
            raise StorageFault("The video to extend no longer exists.") from error
        finally:
            joined.unlink(missing_ok=True)

    async def discard(self, assets: Iterable[Asset], video_id: str) -> None:
        """Delete the stored files of a video that ended otherwise in the meantime."""
        referenced = {asset.key for asset in (await self._videos.assets(video_id)).values()}
        for asset in assets:
            if asset.key not in referenced:
                await self._storage.delete(asset.key)

    async def _derive(self, path: Path, staged: dict[AssetKind, Path]) -> None:
        missing = {kind: self._storage.staging_path(_ASSET_FILES[kind][1]) for kind in _DERIVED if kind not in staged}
        if missing:
            staged |= missing
            await asyncio.to_thread(_derive_files, path, missing)

    async def _store_asset(self, video: VideoRecord, kind: AssetKind, path: Path) -> Asset:
        size = video.recipe.size if kind is AssetKind.VIDEO else await asyncio.to_thread(_image_size, path)
        name_suffix, extension, media_type = _ASSET_FILES[kind]
        stored = await self._storage.commit(path, self._key(video) + name_suffix + extension)
        return stored.asset(kind, media_type, size)

    def _key(self, video: VideoRecord) -> str:
        suffix = hashlib.sha256(f"{video.submit_token} {self._executor_id}".encode()).hexdigest()[:8]
        return f"videos/{video.id[6:8]}/{video.id}-{suffix}"


# The functions below run on threads. They import the decoder and the image library there, with the first video: a
# server is ready 0.15 s of CPU sooner without them.


def _verify(path: Path, size: Size, seconds: float) -> None:
    from filmgate.media import probe  # noqa: PLC0415 - see above

    probe.verify(path, size, seconds)


def _stitch(source: Path, segment: Path, joined: Path) -> None:
    from filmgate.media.stitch import stitch  # noqa: PLC0415 - see above

    stitch(source, segment, joined)


def _derive_files(path: Path, outputs: Mapping[AssetKind, Path]) -> None:
    from filmgate.media import derive  # noqa: PLC0415 - see above

    functions = {
        AssetKind.THUMBNAIL: derive.thumbnail,
        AssetKind.SPRITESHEET: derive.spritesheet,
        AssetKind.PREVIEW: derive.preview,
    }
    frames = derive.sample_frames(path)
    for kind, out in outputs.items():
        functions[kind](frames, out)


def _image_size(path: Path) -> Size:
    from PIL import Image  # noqa: PLC0415 - see above

    with Image.open(path) as image:
        return Size(image.width, image.height)


def _unlink_all(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
