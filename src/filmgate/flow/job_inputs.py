"""What an engine gets to work with: a job, and local files of everything that it names."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import replace

from filmgate.domain import Asset, Operation, VideoCharacter, VideoRecord
from filmgate.engines.base import CharacterFiles, Job, job_without_files
from filmgate.storage.base import Storage

__all__ = ["build_job"]


async def build_job(video: VideoRecord, token: str, storage: Storage, stack: AsyncExitStack) -> Job:
    """The job that makes the video; its files stay until ``stack`` is closed.

    Raises:
        FileNotFoundError: one of them is gone.
        BadArtifact: the source's last frame can't be decoded.
        StorageFault: the storage can't be read.
    """
    recipe = video.recipe

    async def local(asset: Asset) -> Path:
        return await stack.enter_async_context(storage.local_path(asset.key))

    async def character(member: VideoCharacter) -> CharacterFiles:
        return CharacterFiles(name=member.name, image=await local(member.picture), video=await local(member.film))

    source = await local(recipe.source) if recipe.source else None
    reference = await local(recipe.reference) if recipe.reference else None
    if recipe.operation is Operation.EXTEND and source is not None:
        reference = await _last_frame(source, storage, stack)
    characters = [await character(member) for member in recipe.characters]
    return replace(job_without_files(video, token), source=source, reference=reference, characters=tuple(characters))


async def _last_frame(video_path: Path, storage: Storage, stack: AsyncExitStack) -> Path:
    image_path = storage.staging_path(".png")
    stack.callback(image_path.unlink, missing_ok=True)
    await asyncio.to_thread(_write_last_frame, video_path, image_path)
    return image_path


def _write_last_frame(video_path: Path, image_path: Path) -> None:
    from filmgate.media import frames  # noqa: PLC0415 - the decoder, loaded on this thread with the first extension

    frames.save_last_frame(video_path, image_path)
