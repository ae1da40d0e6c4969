"""Characters: created from an uploaded video, stored per account, resolved for the videos that show them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from filmgate.domain import Asset, AssetKind, Character, Size, VideoCharacter, new_id
from filmgate.errors import BadArtifact, CharacterNotFound, FilmgateError, InvalidValue, InvalidVideo
from filmgate.services.files import FileLibrary
from filmgate.services.idempotency import RESEND_WINDOW
from filmgate.services.revisions import validate_upload
from filmgate.storage.base import Storage
from filmgate.store import NewCharacter, Principal, Store
from filmgate.wire.params import CharacterParams, Upload

__all__ = ["CharacterService"]


class CharacterService:
    """Creates and looks up the characters of all accounts."""

    def __init__(
        self,
        store: Store,
        storage: Storage,
        files: FileLibrary,
        clock: Callable[[], float],
        slots: asyncio.Semaphore,
        limit: int,
    ) -> None:
        self._limit = limit
        self._slots = slots
        self._store = store
        self._storage = storage
        self._files = files
        self._clock = clock

    async def create(
        self, principal: Principal, params: CharacterParams, *, idempotency_key: str | None = None, retry_count: int = 0
    ) -> Character:
        """Store a character: its video, and the video's first frame as its image.

        Raises:
            InvalidVideo: the video can't be used.
            InvalidValue: the file that it refers to is unknown.
            IdempotencyKeyReuse: the key was used within a day for another character.
            FileQuotaExceeded: the account has as many characters as it may.
            StorageFault: the storage failed.
        """
        now, character_id = self._clock(), new_id("char")
        async with self._files.staged_video(principal.account_id, params.video) as upload:
            image, video = await self._ingest(character_id, upload)
        new = NewCharacter(
            id=character_id,
            account_id=principal.account_id,
            name=params.name,
            picture=image,
            film=video,
            key_id=principal.key_id,
            idempotency_key=idempotency_key,
            resend_since=now - RESEND_WINDOW if retry_count else None,
            fingerprint=hashlib.sha256(f"{upload.sha256} {params.name}".encode()).hexdigest(),
        )
        try:
            character, created = await self._store.characters.create(new, now, self._limit)
        except FilmgateError:  # after a cancellation the row may still be written: the sweep decides about the files
            await self._discard(image, video)
            raise
        if not created:
            await self._discard(image, video)
        return character

    async def check_admission(self, principal: Principal) -> None:
        """Refuse before a video is received what could not be stored.

        Raises:
            FileQuotaExceeded: the account has as many characters as it may.
        """
        await self._store.characters.require_room(principal.account_id, self._limit)

    async def delete(self, principal: Principal, character_id: str) -> None:
        """Delete a character and its files; videos that were made keep what they show.

        Raises:
            CharacterNotFound: unknown, or another account's.
            VideoNotDeletable: an unfinished video shows it.
        """
        for key in await self._store.characters.delete(character_id, principal.account_id):
            await self._storage.delete(key)

    async def get(self, principal: Principal, character_id: str) -> Character:
        """Return a character.

        Raises:
            CharacterNotFound: unknown, or another account's.
        """
        character = await self._store.characters.get(character_id, principal.account_id)
        if character is None:
            raise CharacterNotFound(character_id)
        return character

    async def resolve(self, account_id: str, ids: Iterable[str]) -> tuple[VideoCharacter, ...]:
        """Return the characters that a video shows, without duplicates.

        Raises:
            InvalidValue: one is unknown, or another account's.
        """
        members = []
        for character_id in dict.fromkeys(ids):
            character = await self._store.characters.get(character_id, account_id)
            if character is None:
                raise InvalidValue(f"No such character: '{character_id}'.", param="characters")
            members.append(
                VideoCharacter(id=character.id, name=character.name, picture=character.picture, film=character.film)
            )
        return tuple(members)

    async def _ingest(self, character_id: str, upload: Upload) -> tuple[Asset, Asset]:
        image_path, key = self._storage.staging_path(".png"), f"characters/{character_id[5:7]}/{character_id}"
        try:
            async with self._slots:
                size = await asyncio.to_thread(_extract_first_frame, upload.path, image_path)
            return (
                await self._commit(image_path, f"{key}.png", AssetKind.REFERENCE, "image/png", size),
                await self._commit(upload.path, f"{key}.mp4", AssetKind.SOURCE, "video/mp4", size),
            )
        finally:
            image_path.unlink(missing_ok=True)

    async def _discard(self, *assets: Asset) -> None:
        for asset in assets:
            await self._storage.delete(asset.key)

    async def _commit(self, staged: Path, key: str, kind: AssetKind, media_type: str, size: Size) -> Asset:
        stored = await self._storage.commit(staged, key)
        return stored.asset(kind, media_type, size)


def _extract_first_frame(path: Path, image_path: Path) -> Size:
    from filmgate.media import frames  # noqa: PLC0415 - loads the decoder with the first upload

    validate_upload(path)
    try:
        return frames.save_first_frame(path, image_path)
    except BadArtifact as error:
        raise InvalidVideo(error.message, param="video") from error
