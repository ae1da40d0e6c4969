"""The rows of characters."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from filmgate.domain import Asset, AssetKind, new_id
from filmgate.errors import IdempotencyKeyReuse
from filmgate.store import Account, NewCharacter, Store
from filmgate.store.acceptance import IDEMPOTENCY_SECONDS

NOW = 1_000_000.0


def _new(account: Account, **changes: object) -> NewCharacter:
    character_id = new_id("char")
    files = [
        Asset(
            kind=kind, key=f"characters/{character_id}.{kind}", media_type="x", bytes=1, sha256="0", width=2, height=2
        )
        for kind in (AssetKind.REFERENCE, AssetKind.SOURCE)
    ]
    new = NewCharacter(
        id=character_id, account_id=account.id, name="Mossy", picture=files[0], film=files[1], fingerprint="same"
    )
    return replace(new, **changes)


async def test_a_character_is_read_as_it_was_written(store: Store, account: Account) -> None:
    """By its owner; nobody else can see it, and its files have a row."""
    new = _new(account)
    made, created = await store.characters.create(new, NOW)
    assert created
    assert await store.characters.get(new.id, account.id) == made
    assert await store.characters.get(new.id, "somebody") is None
    keys = [new.picture.key, new.film.key]
    assert await store.videos.referenced_keys([*keys, "characters/none.png"]) == set(keys)


async def test_the_same_key_is_the_same_character_for_a_day(store: Store, account: Account) -> None:
    """Within a day a key stands for what it made, and for nothing else; then it is free."""
    first, _ = await store.characters.create(_new(account, idempotency_key="k"), NOW)
    again, created = await store.characters.create(_new(account, idempotency_key="k"), NOW + 5)
    assert (again, created) == (first, False)
    with pytest.raises(IdempotencyKeyReuse):
        await store.characters.create(_new(account, idempotency_key="k", fingerprint="other"), NOW + 5)
    later = NOW + IDEMPOTENCY_SECONDS
    fresh, created = await store.characters.create(_new(account, idempotency_key="k", fingerprint="other"), later)
    assert created
    assert fresh.id != first.id


async def test_a_resend_finds_what_was_made(store: Store, account: Account) -> None:
    """The same request of the same key, if it is not long ago."""
    first, _ = await store.characters.create(_new(account, key_id="key_1"), NOW)
    resent, created = await store.characters.create(_new(account, key_id="key_1", resend_since=NOW - 1), NOW + 1)
    assert (resent, created) == (first, False)
    for changes in ({"key_id": "key_2", "resend_since": NOW - 1}, {"key_id": "key_1", "resend_since": NOW + 1}):
        assert (await store.characters.create(_new(account, **changes), NOW + 2))[1]
