"""Source videos of remixes, edits and extensions: found, validated, and copied for the new video.

Later changes to the source must not affect the new video. So it gets a copy of the source's file under its own key
(a hard link where the storage is a folder), which is deleted once the new video is finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from filmgate.config.catalog import Catalog, DialectLimits, ResolvedRequest
from filmgate.domain import (
    Asset,
    AssetKind,
    EngineParameters,
    Operation,
    Recipe,
    Size,
    Status,
    UploadedFile,
    VideoCharacter,
    VideoRecord,
    default_seed,
)
from filmgate.errors import BadArtifact, InvalidValue, InvalidVideo, VideoExpired, VideoNotFound
from filmgate.services.files import FileLibrary, link_or_copy
from filmgate.storage.base import Storage, StoredObject
from filmgate.store import Store
from filmgate.wire.params import CreateParams, FileId, RevisionParams, Upload, VideoReference

if TYPE_CHECKING:
    from filmgate.media.probe import Probe

__all__ = [
    "MAX_EXTENSIONS",
    "MAX_SECONDS",
    "SourceVideo",
    "SourceVideos",
    "build_recipe",
    "resolve_revision",
    "validate_upload",
]

MAX_SECONDS = 120
"""Maximum length of generated and of uploaded videos, in seconds."""

MAX_EXTENSIONS = 6
"""Maximum number of extensions of a video."""

MAX_SIDE = 4096
"""Maximum side of an uploaded video, in pixels."""


class SourceVideo(Struct, frozen=True, kw_only=True):
    """A source video, and the properties that a video made from it inherits."""

    content: Asset | UploadedFile | Upload
    size: Size
    seconds: int
    model: str | None = None  # None: an upload, which has no model
    seed: int | None = None
    prompts: tuple[str, ...] = ()  # its own and those of its ancestors, oldest first
    extensions: int = 0
    reference: Asset | None = None
    characters: tuple[VideoCharacter, ...] = ()
    parameters: EngineParameters = EngineParameters()
    video_id: str | None = None


class SourceVideos:
    """Finds source videos and stores copies of them."""

    def __init__(
        self,
        store: Store,
        storage: Storage,
        files: FileLibrary,
        clock: Callable[[], float],
        slots: asyncio.Semaphore,
    ) -> None:
        self._slots = slots
        self._store = store
        self._storage = storage
        self._files = files
        self._clock = clock

    async def find(self, account_id: str, reference: VideoReference) -> SourceVideo:
        """Find the video that a request names or uploads.

        Raises:
            VideoNotFound: the id is unknown, deleted or another account's.
            VideoExpired: its content is gone.
            InvalidValue: it is not completed; the file is unknown.
            InvalidVideo: the upload is no usable video.
        """
        if isinstance(reference, Upload):
            return await self._validated(reference, reference.path)
        if isinstance(reference, FileId):
            async with self._files.open_reference(account_id, reference, "video", "video") as (file, path):
                return await self._validated(file, path)
        video = await self._store.videos.get(reference.id, account_id)
        if video is None:
            raise VideoNotFound(reference.id)
        if video.status is not Status.COMPLETED:
            message = f"The video '{video.id}' is not completed: its status is '{video.status}'."
            raise InvalidValue(message, param="video")
        return _source_of(video, await self._content_asset(video))

    async def _validated(self, content: UploadedFile | Upload, path: Path) -> SourceVideo:
        async with self._slots:
            probed = await asyncio.to_thread(validate_upload, path)
        return SourceVideo(content=content, size=probed.size, seconds=max(1, round(probed.seconds)))

    async def store_copies(self, source_video: SourceVideo, video_id: str) -> tuple[Asset, Asset | None]:
        """Store copies of the source and of its reference image for a video that is about to be accepted.

        Raises:
            VideoExpired: the source was removed in the meantime.
            StorageFault: the storage failed.
        """
        key = f"sources/{video_id[6:8]}/{video_id}.mp4"
        source = await self._store_source(source_video, key)
        if source_video.reference is None:
            return source, None
        image = await self._copy_stored(source_video.reference, f"references/{video_id[6:8]}/{video_id}.png")
        return source, image.asset(AssetKind.REFERENCE, "image/png", source_video.size)

    async def _store_source(self, source_video: SourceVideo, key: str) -> Asset:
        if isinstance(source_video.content, Upload):
            stored = await self._storage.commit(source_video.content.path, key)
        else:
            stored = await self._copy_stored(source_video.content, key)
        return stored.asset(AssetKind.SOURCE, "video/mp4", source_video.size)

    async def _content_asset(self, video: VideoRecord) -> Asset:
        asset = (await self._store.videos.assets(video.id)).get(AssetKind.VIDEO)
        if asset is None or (video.expires_at is not None and video.expires_at <= self._clock()):
            raise VideoExpired
        return asset

    async def _copy_stored(self, asset: Asset | UploadedFile, to: str) -> StoredObject:
        staged = self._storage.staging_path()
        try:
            async with self._storage.local_path(asset.key, asset.bytes) as path:
                await asyncio.to_thread(link_or_copy, path, staged)
            return await self._storage.commit(staged, to)
        except FileNotFoundError:
            raise VideoExpired from None
        finally:
            staged.unlink(missing_ok=True)


def build_recipe(params: RevisionParams, source_video: SourceVideo) -> Recipe:
    """Build the recipe of a revision, without its stored files.

    Raises:
        InvalidValue: there are too many extensions, or the video would become too long.
    """
    segment = params.seconds if params.operation is Operation.EXTEND else None
    seconds, extensions = source_video.seconds + (segment or 0), source_video.extensions + (segment is not None)
    if extensions > MAX_EXTENSIONS:
        raise InvalidValue(f"A video can be extended at most {MAX_EXTENSIONS} times.", param="video")
    if segment is not None and seconds > MAX_SECONDS:
        message = f"The extended video would be {seconds} s long; the limit is {MAX_SECONDS} s."
        raise InvalidValue(message, param="seconds")
    seed = default_seed(params.prompt, source_video.size, seconds) if source_video.seed is None else source_video.seed
    return Recipe(
        prompt=params.prompt,
        size=source_video.size,
        seconds=seconds,
        seed=seed,
        operation=params.operation,
        base_prompts=source_video.prompts,
        segment_seconds=segment,
        extensions=extensions,
        characters=source_video.characters,
        parameters=_inherited(params, source_video),
    )


def resolve_revision(
    catalog: Catalog, params: RevisionParams, origin: SourceVideo, recipe: Recipe, limits: DialectLimits
) -> ResolvedRequest:
    """Resolve the model of the new video, and the price of what it generates.

    Raises:
        InvalidValue: the model differs from the source's, or does not support the size of an upload.
        UnknownModel: there is no such model.
    """
    if origin.model is not None and params.model not in {None, origin.model}:
        message = f"Invalid 'model': the source video was made by '{origin.model}', which its revisions use too."
        raise InvalidValue(message, param="model")
    request = CreateParams(prompt=params.prompt, model=origin.model or params.model)
    resolved = catalog.resolve(request, DialectLimits(prompt_characters=limits.prompt_characters))
    sizes = [size for size in resolved.model.sizes if limits.sizes is None or size in limits.sizes]
    if origin.model is None and origin.size not in sizes:
        raise InvalidValue.unsupported("video", origin.size, sizes)
    price = resolved.model.price_micros(recipe.size, recipe.render_seconds)
    return msgspec.structs.replace(resolved, size=recipe.size, seconds=recipe.seconds, price_micros=price)


def validate_upload(path: Path) -> Probe:
    """Validate an uploaded video and return its properties.

    Raises:
        InvalidVideo: it is not a whole, decodable MP4, it is too long, too large, or rotated by its header.
    """
    from filmgate.media import probe  # noqa: PLC0415 - loads the decoder with the first upload

    try:
        probed = probe.probe(path)
        if probed.seconds > MAX_SECONDS:
            raise InvalidVideo(
                f"The video is {probed.seconds:.1f} s long; the limit is {MAX_SECONDS} s.", param="video"
            )
        if max(probed.size.width, probed.size.height) > MAX_SIDE:
            raise InvalidVideo(
                f"The video has {probed.size} pixels; a side may have at most {MAX_SIDE}.", param="video"
            )
        probe.verify(path, probed.size, probed.seconds)
        if probe.rotation(path):
            raise InvalidVideo("The video is rotated by its header; upload it upright.", param="video")
    except BadArtifact as error:
        raise InvalidVideo(error.message, param="video") from error
    return probed


def _source_of(video: VideoRecord, content: Asset) -> SourceVideo:
    recipe = video.recipe
    return SourceVideo(
        content=content,
        size=recipe.size,
        seconds=recipe.seconds,
        model=video.model,
        seed=recipe.seed,
        prompts=(*recipe.base_prompts, recipe.prompt),
        extensions=recipe.extensions,
        reference=recipe.reference,
        characters=recipe.characters,
        parameters=recipe.parameters,
        video_id=video.id,
    )


def _inherited(params: RevisionParams, source_video: SourceVideo) -> EngineParameters:
    """Return the source's parameters: for the same length its number of frames too, for the request's own user."""
    inherited = msgspec.structs.replace(source_video.parameters, user=params.user)
    if params.operation is Operation.EXTEND:
        return msgspec.structs.replace(inherited, num_frames=None)
    return inherited
