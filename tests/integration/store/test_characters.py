"""The repository of characters."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from filmgate.domain import Asset, AssetKind, NewVideo, Recipe, Size, VideoCharacter, VideoError, new_id
from filmgate.errors import CharacterNotFound, FileQuotaExceeded, IdempotencyKeyReuse, VideoNotDeletable
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
    """By its owner; it is invisible to others, and its files are referenced."""
    new = _new(account)
    stored, created = await store.characters.create(new, NOW)
    assert created
    assert await store.characters.get(new.id, account.id) == stored
    assert await store.characters.get(new.id, "acct_other") is None
    keys = [new.picture.key, new.film.key]
    assert await store.videos.referenced_keys([*keys, "characters/none.png"]) == set(keys)


async def test_an_idempotency_key_refers_to_one_character_for_a_day(store: Store, account: Account) -> None:
    """Within a day a key refers to the character it created, and to no other request; then it is free."""
    first, _ = await store.characters.create(_new(account, idempotency_key="k"), NOW)
    replayed, created = await store.characters.create(_new(account, idempotency_key="k"), NOW + 5)
    assert (replayed, created) == (first, False)
    with pytest.raises(IdempotencyKeyReuse):
        await store.characters.create(_new(account, idempotency_key="k", fingerprint="other"), NOW + 5)
    later = NOW + IDEMPOTENCY_SECONDS
    new_character, created = await store.characters.create(
        _new(account, idempotency_key="k", fingerprint="other"), later
    )
    assert created
    assert new_character.id != first.id


async def test_a_resend_finds_the_existing_character(store: Store, account: Account) -> None:
    """The same request with the same key, if it is recent."""
    first, _ = await store.characters.create(_new(account, key_id="key_1"), NOW)
    resent, created = await store.characters.create(_new(account, key_id="key_1", resend_since=NOW - 1), NOW + 1)
    assert (resent, created) == (first, False)
    for changes in ({"key_id": "key_2", "resend_since": NOW - 1}, {"key_id": "key_1", "resend_since": NOW + 1}):
        assert (await store.characters.create(_new(account, **changes), NOW + 2))[1]


async def test_an_account_has_so_many_characters(store: Store, account: Account) -> None:
    """A replay is not one more; a deleted one makes room."""
    first, second = _new(account, fingerprint="1"), _new(account, fingerprint="2", idempotency_key="k")
    for new in (first, second):
        assert (await store.characters.create(new, NOW, 2))[1]
    with pytest.raises(FileQuotaExceeded):
        await store.characters.create(_new(account, fingerprint="3"), NOW, 2)
    assert not (await store.characters.create(replace(second, id=new_id("char")), NOW, 2))[1]
    assert await store.characters.count(account.id, 100) == 2
    with pytest.raises(CharacterNotFound):
        await store.characters.delete(first.id, "acct_other")
    assert await store.characters.delete(first.id, account.id) == [first.picture.key, first.film.key]
    with pytest.raises(CharacterNotFound):
        await store.characters.delete(first.id, account.id)
    assert (await store.characters.create(_new(account, fingerprint="3"), NOW, 2))[1]


async def test_a_character_that_is_being_shown_is_kept(store: Store, account: Account) -> None:
    """Until the video that shows it is finished."""
    new = _new(account)
    character, _ = await store.characters.create(new, NOW)
    shown = VideoCharacter(id=character.id, name="Mossy", picture=character.picture, film=character.film)
    recipe = Recipe(prompt="p", size=Size(64, 64), seconds=1, seed=1, characters=(shown,))
    video = NewVideo(id=new_id(), account_id=account.id, model="m", engine="e", recipe=recipe, price_micros=0)
    await store.videos.create(video, NOW)
    with pytest.raises(VideoNotDeletable):
        await store.characters.delete(character.id, account.id)
    await store.videos.fail(video.id, VideoError("x", "x"), NOW)
    assert len(await store.characters.delete(character.id, account.id)) == 2
