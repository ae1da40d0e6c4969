"""Inputs of an engine: the job, and local files of everything that it references."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import replace

from filmgate.domain import Asset, Operation, VideoCharacter, VideoRecord
from filmgate.engines.base import CharacterFiles, Job, job_without_files
from filmgate.errors import DamagedFile
from filmgate.storage.base import Storage

__all__ = ["build_job"]


async def build_job(video: VideoRecord, token: str, storage: Storage, stack: AsyncExitStack) -> Job:
    """Build the job for the video; its files exist until ``stack`` is closed.

    Raises:
        FileNotFoundError: one of them is gone or damaged.
        BadArtifact: the source's last frame can't be decoded.
        StorageFault: the storage can't be read.
    """
    recipe = video.recipe

    async def local_path(asset: Asset) -> Path:
        try:
            return await stack.enter_async_context(storage.local_path(asset.key, asset.bytes))
        except DamagedFile as error:
            raise FileNotFoundError(asset.key) from error

    async def character_files(character: VideoCharacter) -> CharacterFiles:
        return CharacterFiles(
            name=character.name, image=await local_path(character.picture), video=await local_path(character.film)
        )

    source = await local_path(recipe.source) if recipe.source else None
    reference = await local_path(recipe.reference) if recipe.reference else None
    if recipe.operation is Operation.EXTEND and source is not None:
        reference = await _last_frame(source, storage, stack)
    characters = [await character_files(character) for character in recipe.characters]
    return replace(job_without_files(video, token), source=source, reference=reference, characters=tuple(characters))


async def _last_frame(video_path: Path, storage: Storage, stack: AsyncExitStack) -> Path:
    image_path = storage.staging_path(".png")
    stack.callback(image_path.unlink, missing_ok=True)
    await asyncio.to_thread(_write_last_frame, video_path, image_path)
    return image_path


def _write_last_frame(video_path: Path, image_path: Path) -> None:
    from filmgate.media import frames  # noqa: PLC0415 - the decoder, loaded on this thread with the first extension

    frames.save_last_frame(video_path, image_path)
