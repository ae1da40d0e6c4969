"""API keys: shown once, stored as a hash, revoked for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import pytest

from filmgate.errors import NotFound
from filmgate.store import Account, Principal, Store
from filmgate.store.accounts import CACHE_SIZE

if TYPE_CHECKING:
    from pathlib import Path


class Clock(Protocol):
    """The fixture's clock, which a test advances."""

    now: float


async def test_a_key_authenticates_its_account(store: Store, account: Account) -> None:
    """The secret gives the principal with the key's limits; any other text gives None."""
    key, secret = await store.accounts.create_key(
        account.id, "laptop", 1.0, requests_per_minute=60, running_limit=2, models=["sora-2"]
    )
    expected = Principal(
        account_id=account.id, key_id=key.id, requests_per_minute=60, running_limit=2, models=("sora-2",)
    )
    for _ in range(2):
        assert await store.accounts.authenticate(secret) == expected
    for wrong in ("", "fg-", secret[:-1], secret + "A", secret.upper(), "\ud800", key.id):
        assert await store.accounts.authenticate(wrong) is None


async def test_the_secret_is_not_stored(store: Store, account: Account, tmp_path: Path) -> None:
    """256 random bits that are in no file of the database; people identify keys by 8 characters."""
    key, secret = await store.accounts.create_key(account.id, "laptop", 1.0)
    assert re.fullmatch(r"fg-[A-Za-z0-9_-]{43}", secret)
    assert key.prefix == secret[:8]
    assert secret.encode() not in _bytes(tmp_path)
    assert await store.accounts.list_keys(account.id) == [key] == await store.accounts.list_keys()
    assert await store.accounts.list_keys("acct_other") == []


def _bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_a_revoked_key_is_rejected_at_once(store: Store, account: Account) -> None:
    """Though it was just used; a second revocation returns False."""
    key, secret = await store.accounts.create_key(account.id, "laptop", 1.0)
    assert await store.accounts.authenticate(secret)
    assert await store.accounts.revoke_key(key.id)
    assert await store.accounts.authenticate(secret) is None
    assert not await store.accounts.revoke_key(key.id)
    assert not await store.accounts.revoke_key("key_unknown")
    with pytest.raises(NotFound):
        await store.accounts.rotate_key(key.id)


async def test_another_process_revokes_within_a_second(
    store: Store, account: Account, tmp_path: Path, clock: Clock
) -> None:
    """A cached key is a second old at most."""
    key, secret = await store.accounts.create_key(account.id, "laptop", 1.0)
    assert await store.accounts.authenticate(secret)
    other = Store.open(tmp_path / "rows.sqlite")
    await other.accounts.revoke_key(key.id)
    await other.close()
    clock.now += 1.0
    assert await store.accounts.authenticate(secret) is None


async def test_rotation_keeps_name_and_limits(store: Store, account: Account) -> None:
    """The old secret is revoked, the new one has the same name and limits."""
    old, secret = await store.accounts.create_key(account.id, "laptop", 1.0, running_limit=2, models=["a", "b"])
    await store.accounts.authenticate(secret)
    new, new_secret = await store.accounts.rotate_key(old.id)
    assert await store.accounts.authenticate(secret) is None
    principal = await store.accounts.authenticate(new_secret)
    assert principal is not None
    assert (principal.key_id, principal.running_limit, principal.models) == (new.id, 2, ("a", "b"))
    assert (new.name, new.prefix) == ("laptop", new_secret[:8])


async def test_a_key_expires(store: Store, account: Account, clock: Clock) -> None:
    """It is valid until its expiry, and not a moment longer, cached or not."""
    _key, secret = await store.accounts.create_key(account.id, "laptop", 1.0, expires_at=1000.5)
    assert await store.accounts.authenticate(secret)
    clock.now = 1000.5
    assert await store.accounts.authenticate(secret) is None


async def test_a_key_needs_an_account(store: Store) -> None:
    """A key of an unknown account is refused."""
    with pytest.raises(NotFound):
        await store.accounts.create_key("acct_none", "x", 1.0)


async def test_the_cache_is_bounded(store: Store, account: Account) -> None:
    """Guessed secrets are not cached, and second keys than the cache holds evict the oldest."""
    for guess in range(50):
        await store.accounts.authenticate(f"fg-{guess}")
    assert len(store.accounts._cache) == 0
    _key, secret = await store.accounts.create_key(account.id, "laptop", 1.0)
    principal = await store.accounts.authenticate(secret)
    assert principal is not None
    for n in range(CACHE_SIZE):
        store.accounts._cache[str(n)] = (0.0, 0.0, principal)
    _other, second = await store.accounts.create_key(account.id, "phone", 1.0)
    await store.accounts.authenticate(second)
    assert len(store.accounts._cache) <= CACHE_SIZE + 1


async def test_accounts_are_listed(store: Store, account: Account) -> None:
    """Each with its current balance."""
    other = await store.accounts.create_account("poor", 5)
    assert {each.id: each.balance_micros for each in await store.accounts.list_accounts()} == {
        account.id: None,
        other.id: 5,
    }
    assert await store.accounts.get_account("acct_none") is None
