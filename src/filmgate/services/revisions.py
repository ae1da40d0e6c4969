"""The films that videos are made from: found, judged, and kept as a copy of their own.

A remix, an edit or an extension must not suffer from what happens to its source later, so it gets the source's file
under a key of its own (a hard link where the storage is a folder), which is dropped once the video is finished.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from filmgate.config.catalog import Catalog, DialectLimits, ResolvedRequest
from filmgate.domain import Asset, AssetKind, Operation, Recipe, Size, Status, VideoCharacter, VideoRecord, default_seed
from filmgate.errors import BadArtifact, InvalidValue, InvalidVideo, VideoExpired, VideoNotFound
from filmgate.storage.base import Storage, StoredObject
from filmgate.store import Store
from filmgate.wire.params import CreateParams, RevisionParams, Upload, VideoReference

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
"""Seconds of the longest film that is made, and of the longest that is taken in."""

MAX_EXTENSIONS = 6
"""How often a film can be extended."""

MAX_SIDE = 4096
"""Pixels of a side of the largest film that is taken in."""


class SourceVideo(Struct, frozen=True, kw_only=True):
    """A film to go on from, and what a video made from it keeps."""

    content: Asset | Upload
    size: Size
    seconds: int
    model: str | None = None  # None: an upload's, which has none
    seed: int | None = None
    prompts: tuple[str, ...] = ()  # its own and those of the films that it comes from, oldest first
    extensions: int = 0
    reference: Asset | None = None
    characters: tuple[VideoCharacter, ...] = ()
    video_id: str | None = None


class SourceVideos:
    """Where sources come from and go to."""

    def __init__(self, store: Store, storage: Storage, clock: Callable[[], float]) -> None:
        self._store = store
        self._storage = storage
        self._clock = clock

    async def find(self, account_id: str, reference: VideoReference) -> SourceVideo:
        """What is to be gone on from.

        Raises:
            VideoNotFound: an id that is unknown, deleted or another account's.
            VideoExpired: its content is gone.
            InvalidValue: it is not completed.
            InvalidVideo: an upload that is no usable film.
        """
        if isinstance(reference, Upload):
            found = await asyncio.to_thread(validate_upload, reference.path)
            return SourceVideo(content=reference, size=found.size, seconds=max(1, round(found.seconds)))
        video = await self._store.videos.get(reference.id, account_id)
        if video is None:
            raise VideoNotFound(reference.id)
        if video.status is not Status.COMPLETED:
            said = f"The video '{video.id}' is not completed: its status is '{video.status}'."
            raise InvalidValue(said, param="video")
        return _source_of(video, await self._content_asset(video))

    async def store_copies(self, source_video: SourceVideo, video_id: str) -> tuple[Asset, Asset | None]:
        """The source and the reference of a video about to be accepted, stored as its own.

        Raises:
            VideoExpired: it went away just now.
            StorageFault: the storage refused.
        """
        key = f"sources/{video_id[6:8]}/{video_id}.mp4"
        source = await self._store_source(source_video, key)
        if source_video.reference is None:
            return source, None
        picture = await self._copy_stored(source_video.reference.key, f"references/{video_id[6:8]}/{video_id}.png")
        return source, picture.asset(AssetKind.REFERENCE, "image/png", source_video.size)

    async def _store_source(self, source_video: SourceVideo, key: str) -> Asset:
        if isinstance(source_video.content, Upload):
            stored = await self._storage.commit(source_video.content.path, key)
        else:
            stored = await self._copy_stored(source_video.content.key, key)
        return stored.asset(AssetKind.SOURCE, "video/mp4", source_video.size)

    async def _content_asset(self, video: VideoRecord) -> Asset:
        film = (await self._store.videos.assets(video.id)).get(AssetKind.VIDEO)
        if film is None or (video.expires_at is not None and video.expires_at <= self._clock()):
            raise VideoExpired
        return film

    async def _copy_stored(self, key: str, to: str) -> StoredObject:
        staged = self._storage.staging_path()
        try:
            async with self._storage.local_path(key) as path:
                await asyncio.to_thread(_link_or_copy, path, staged)
            return await self._storage.commit(staged, to)
        except FileNotFoundError:
            raise VideoExpired from None
        finally:
            staged.unlink(missing_ok=True)


def build_recipe(params: RevisionParams, source_video: SourceVideo) -> Recipe:
    """What is to be made of a film, as far as it can be said without stored files.

    Raises:
        InvalidValue: an extension too many, or one that would make the film too long.
    """
    segment = params.seconds if params.operation is Operation.EXTEND else None
    seconds, extensions = source_video.seconds + (segment or 0), source_video.extensions + (segment is not None)
    if extensions > MAX_EXTENSIONS:
        raise InvalidValue(f"A film can be extended {MAX_EXTENSIONS} times; this one was.", param="video")
    if segment is not None and seconds > MAX_SECONDS:
        said = f"The extended film would be {seconds} s long; at most {MAX_SECONDS} s are made."
        raise InvalidValue(said, param="seconds")
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
    )


def resolve_revision(
    catalog: Catalog, params: RevisionParams, origin: SourceVideo, recipe: Recipe, limits: DialectLimits
) -> ResolvedRequest:
    """The model that makes the new video, and the price of what it makes.

    Raises:
        InvalidValue: another model than the source's, or the size of an upload that the model does not have.
        UnknownModel: there is no such model.
    """
    if origin.model is not None and params.model not in {None, origin.model}:
        message = f"Invalid 'model': the video was made by '{origin.model}', and so is what is made from it."
        raise InvalidValue(message, param="model")
    request = CreateParams(prompt=params.prompt, model=origin.model or params.model)
    resolved = catalog.resolve(request, DialectLimits(prompt_characters=limits.prompt_characters))
    sizes = [size for size in resolved.model.sizes if limits.sizes is None or size in limits.sizes]
    if origin.model is None and origin.size not in sizes:
        raise InvalidValue.unsupported("video", origin.size, sizes)
    price = resolved.model.price_micros(recipe.size, recipe.render_seconds)
    return msgspec.structs.replace(resolved, size=recipe.size, seconds=recipe.seconds, price_micros=price)


def validate_upload(path: Path) -> Probe:
    """What an uploaded film is.

    Raises:
        InvalidVideo: it is no whole MP4 that can be decoded, it is too long, too large, or lies on its side.
    """
    from filmgate.media import probe  # noqa: PLC0415 - the decoder, loaded with the first upload

    try:
        found = probe.probe(path)
        if found.seconds > MAX_SECONDS:
            raise InvalidVideo(
                f"The film is {found.seconds:.1f} s long; at most {MAX_SECONDS} s are taken.", param="video"
            )
        if max(found.size.width, found.size.height) > MAX_SIDE:
            raise InvalidVideo(f"The film is {found.size} pixels; a side has at most {MAX_SIDE}.", param="video")
        probe.verify(path, found.size, found.seconds)
        if probe.rotation(path):
            raise InvalidVideo("The film is turned by its header; send it upright.", param="video")
    except BadArtifact as error:
        raise InvalidVideo(error.message, param="video") from error
    return found


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
        video_id=video.id,
    )


def _link_or_copy(path: Path, to: Path) -> None:
    try:
        os.link(path, to)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, or one without links.
        shutil.copyfile(path, to)
