"""What an engine gets to work with: a job, and local files of everything that it names."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from msgspec.structs import replace

from filmgate.domain import Asset, CastMember, Operation, Video
from filmgate.engines.base import Character, Job, outline
from filmgate.media import frames
from filmgate.storage.base import Storage

__all__ = ["job_of"]


async def job_of(video: Video, token: str, storage: Storage, stack: AsyncExitStack) -> Job:
    """The job that makes the video; its files stay until ``stack`` is closed.

    Raises:
        FileNotFoundError: one of them is gone.
        BadArtifact: the source's last frame can't be decoded.
        StorageFault: the storage can't be read.
    """
    recipe = video.recipe

    async def local(asset: Asset) -> Path:
        return await stack.enter_async_context(storage.local(asset.key))

    async def character(member: CastMember) -> Character:
        return Character(name=member.name, picture=await local(member.picture), film=await local(member.film))

    source = await local(recipe.source) if recipe.source else None
    reference = await local(recipe.reference) if recipe.reference else None
    if recipe.operation is Operation.EXTEND and source is not None:
        reference = await _last_frame(source, storage, stack)
    characters = [await character(member) for member in recipe.characters]
    return replace(outline(video, token), source=source, reference=reference, characters=tuple(characters))


async def _last_frame(film: Path, storage: Storage, stack: AsyncExitStack) -> Path:
    picture = storage.staging(".png")
    stack.callback(picture.unlink, missing_ok=True)
    await asyncio.to_thread(frames.last_frame, film, picture)
    return picture
