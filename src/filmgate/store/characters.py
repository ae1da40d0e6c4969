"""Characters of an account, which its videos may show."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, func, insert, literal_column, select

from filmgate.domain import Asset, Character
from filmgate.errors import CharacterNotFound, FileQuotaExceeded, VideoNotDeletable
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.replays import ReplayLookup
from filmgate.store.rows import to_json
from filmgate.store.schema import character, video

__all__ = ["CharacterRepository", "NewCharacter"]


class NewCharacter(Struct, frozen=True, kw_only=True):
    """A character whose files are stored and that is about to be inserted."""

    id: str
    account_id: str
    name: str
    picture: Asset
    film: Asset
    key_id: str | None = None
    idempotency_key: str | None = None  # the client's header
    resend_since: float | None = None  # a resend: look for the same request with the same key since then
    fingerprint: str = ""


_COLUMNS = tuple(character.c[name] for name in ("id", "account_id", "name", "created_at", "picture", "film"))
_BY_ID = select(*_COLUMNS).where(character.c.id == bindparam("character_id"))
_REPLAYS = ReplayLookup(character, _COLUMNS)
_COUNT = select(func.count()).select_from(
    select(literal_column("1")).where(character.c.account_id == bindparam("owner")).limit(bindparam("most")).subquery()
)
_SHOWN = (
    select(video.c.id)
    .where(
        video.c.account_id == bindparam("owner"),
        video.c.stage != literal_column("'done'"),
        video.c.recipe.contains(bindparam("character_id")),
    )
    .limit(literal_column("1"))
)
_DELETE = delete(character).where(character.c.id == bindparam("character_id"))
_INSERT = insert(character).values(**{column.name: bindparam(column.name) for column in character.c})
_decode_asset = msgspec.json.Decoder(Asset).decode


class CharacterRepository:
    """Reads run at once on a connection of their own; writes return when they are on disk."""

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def create(self, new: NewCharacter, now: float, most: int = 100) -> tuple[Character, bool]:
        """Insert a character, if its account has fewer than ``most``.

        Returns:
            The character, and whether it is new; a replay or a resend returns the existing one.

        Raises:
            IdempotencyKeyReuse: the key was used within a day with another fingerprint.
            FileQuotaExceeded: the account has as many characters already.
        """
        return await self._writer.write(lambda connection: _create(connection, new, now, most))

    async def require_room(self, account_id: str, most: int) -> None:
        """Raise if one more character would be too many.

        Raises:
            FileQuotaExceeded: the account has ``most`` already.
        """
        if await self.count(account_id, most) >= most:
            raise _full(most)

    async def count(self, account_id: str, most: int) -> int:
        """Count an account's characters, up to ``most``."""
        return int(self._reader.fetch_all(_COUNT, owner=account_id, most=most)[0][0])

    async def delete(self, character_id: str, account_id: str) -> list[str]:
        """Delete a character; returns the storage keys to delete.

        Raises:
            CharacterNotFound: unknown, or another account's.
            VideoNotDeletable: an unfinished video shows it.
        """

        def write(connection: DbConnection) -> list[str]:
            row = connection.fetch_one(_BY_ID, character_id=character_id)
            if row is None or row[1] != account_id:
                raise CharacterNotFound(character_id)
            if connection.fetch_one(_SHOWN, owner=account_id, character_id=character_id):
                raise VideoNotDeletable("A video that shows the character is still being made.")
            connection.execute(_DELETE, character_id=character_id)
            found = _to_character(row)
            return [found.picture.key, found.film.key]

        return await self._writer.write(write)

    async def get(self, character_id: str, account_id: str) -> Character | None:
        """Return the character; None if it is unknown or not ``account_id``'s."""
        row = self._reader.fetch_one(_BY_ID, character_id=character_id)
        return None if row is None or row[1] != account_id else _to_character(row)


def _full(most: int) -> FileQuotaExceeded:
    return FileQuotaExceeded(f"An account may have at most {most} characters; delete one first.")


def _create(connection: DbConnection, new: NewCharacter, now: float, most: int) -> tuple[Character, bool]:
    if row := _REPLAYS.find(connection, new, now):
        return _to_character(row), False
    if connection.fetch_all(_COUNT, owner=new.account_id, most=most)[0][0] >= most:
        raise _full(most)
    new_character = Character(
        id=new.id, account_id=new.account_id, name=new.name, created_at=now, picture=new.picture, film=new.film
    )
    connection.execute(
        _INSERT,
        **msgspec.structs.asdict(new_character)
        | {"picture": to_json(new.picture), "film": to_json(new.film)}
        | {"picture_key": new.picture.key, "film_key": new.film.key}
        | {"key_id": new.key_id, "idempotency_key": new.idempotency_key, "fingerprint": new.fingerprint},
    )
    return new_character, True


def _to_character(row: tuple[Any, ...]) -> Character:
    character_id, account_id, name, created_at, picture, film = row
    return Character(
        id=character_id,
        account_id=account_id,
        name=name,
        created_at=created_at,
        picture=_decode_asset(picture),
        film=_decode_asset(film),
    )
