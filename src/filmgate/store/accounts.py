"""Accounts and their API keys. A key is 256 random bits, shown once; only its SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import bindparam, func, insert, null, select, update

from filmgate.domain import new_id
from filmgate.errors import NotFound
from filmgate.store.database import DbConnection
from filmgate.store.group_commit import GroupCommitWriter
from filmgate.store.ledger import append_entry
from filmgate.store.rows import KEY_COLUMNS, Account, ApiKey, Principal, to_json, to_key
from filmgate.store.schema import account, api_key

__all__ = ["AccountRepository"]

CACHE_SECONDS = 1.0
"""Seconds that an authenticated key is cached: another process's revocation takes effect after that."""

CACHE_SIZE = 10_000

_ACCOUNT_COLUMNS = tuple(account.c[field] for field in Account.__struct_fields__)
_INSERT_ACCOUNT = insert(account).values(**{column.key: bindparam(column.key) for column in _ACCOUNT_COLUMNS})
_INSERT_KEY = insert(api_key).values(**{column.name: bindparam(column.name) for column in api_key.c})
_ACCOUNTS = select(*_ACCOUNT_COLUMNS).order_by(account.c.created_at, account.c.id)
_ACCOUNT = select(*_ACCOUNT_COLUMNS).where(account.c.id == bindparam("owner"))
_KEYS = select(*KEY_COLUMNS).order_by(api_key.c.created_at, api_key.c.id)
_KEYS_OF = _KEYS.where(api_key.c.account_id == bindparam("owner"))
_KEY = select(*KEY_COLUMNS).where(api_key.c.id == bindparam("key_id"))
_BY_DIGEST = select(*KEY_COLUMNS, api_key.c.sha256).where(
    api_key.c.sha256 == bindparam("digest"), api_key.c.revoked_at.is_(null())
)
_REVOKE = (
    update(api_key)
    .where(api_key.c.id == bindparam("key_id"), api_key.c.revoked_at.is_(null()))
    .values(revoked_at=bindparam("now"))
)
_EXPIRE_EARLIER = (
    update(api_key)
    .where(api_key.c.id == bindparam("key_id"), api_key.c.revoked_at.is_(null()))
    .values(expires_at=func.min(func.coalesce(api_key.c.expires_at, bindparam("until")), bindparam("until")))
)


class AccountRepository:
    """Accounts and API keys.

    Args:
        reader: the reading connection.
        writer: the group commit writer.
        clock: Unix seconds.
    """

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, float, Principal]] = OrderedDict()  # by digest: read at, valid until

    async def create_account(self, name: str, balance_micros: int | None) -> Account:
        """Create an account; a balance of None is unlimited."""
        new_account = Account(id=new_id("acct"), name=name, balance_micros=balance_micros, created_at=self._clock())

        def write(connection: DbConnection) -> Account:
            connection.execute(_INSERT_ACCOUNT, **msgspec.structs.asdict(new_account))
            if balance_micros:
                append_entry(connection, new_account.id, None, "grant", balance_micros, new_account.created_at)
            return new_account

        return await self._writer.write(write)

    async def list_accounts(self) -> list[Account]:
        """Return all accounts, oldest first."""
        return [
            Account(**dict(zip(Account.__struct_fields__, row, strict=True)))
            for row in self._reader.fetch_all(_ACCOUNTS)
        ]

    async def get_account(self, account_id: str) -> Account | None:
        """Return one account; None if it is unknown."""
        row = self._reader.fetch_one(_ACCOUNT, owner=account_id)
        return Account(**dict(zip(Account.__struct_fields__, row, strict=True))) if row else None

    async def create_key(
        self,
        account_id: str,
        name: str,
        now: float | None = None,
        *,
        expires_at: float | None = None,
        requests_per_minute: int | None = None,
        running_limit: int | None = None,
        models: Sequence[str] | None = None,
    ) -> tuple[ApiKey, str]:
        """Create a key; returns it with its secret, which can't be read again. ``now`` defaults to the clock's time.

        Raises:
            NotFound: no such account.
        """
        secret = _new_secret()
        key = ApiKey(
            id=new_id("key"),
            account_id=account_id,
            name=name,
            prefix=secret[:8],
            created_at=self._clock() if now is None else now,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            running_limit=running_limit,
            models=None if models is None else tuple(models),
        )

        def write(connection: DbConnection) -> None:
            if connection.fetch_one(_ACCOUNT, owner=account_id) is None:
                raise NotFound(f"Account '{account_id}' not found.")
            _insert_key(connection, key, secret)

        await self._writer.write(write)
        return key, secret

    async def list_keys(self, account_id: str | None = None) -> list[ApiKey]:
        """Return the keys of an account, or all keys, oldest first; revoked ones too."""
        rows = (
            self._reader.fetch_all(_KEYS) if account_id is None else self._reader.fetch_all(_KEYS_OF, owner=account_id)
        )
        return [to_key(row) for row in rows]

    async def revoke_key(self, key_id: str, now: float | None = None) -> bool:
        """Revoke a key; False if it is unknown or already revoked. Other processes notice within a second."""
        at = self._clock() if now is None else now
        revoked = await self._writer.write(lambda connection: connection.execute(_REVOKE, key_id=key_id, now=at) == 1)
        self._evict(key_id)
        return revoked

    async def rotate_key(self, key_id: str, now: float | None = None, *, grace: float = 0.0) -> tuple[ApiKey, str]:
        """Replace a key by a new one with the same name and limits, in one transaction.

        Args:
            key_id: the old key.
            now: Unix seconds; defaults to the clock's time.
            grace: seconds for which the old key still works.

        Raises:
            NotFound: unknown or revoked.
        """
        at, secret = self._clock() if now is None else now, _new_secret()

        def write(connection: DbConnection) -> ApiKey:
            row = connection.fetch_one(_KEY, key_id=key_id)
            revoked = row is not None and (
                connection.execute(_EXPIRE_EARLIER, key_id=key_id, until=at + grace)
                if grace
                else connection.execute(_REVOKE, key_id=key_id, now=at)
            )
            if row is None or not revoked:
                raise NotFound(f"Key '{key_id}' not found, or revoked already.")
            changes = {"id": new_id("key"), "prefix": secret[:8], "created_at": at}
            key = msgspec.structs.replace(to_key(row), **changes)
            _insert_key(connection, key, secret)
            return key

        key = await self._writer.write(write)
        self._evict(key_id)
        return key, secret

    async def authenticate(self, secret: str) -> Principal | None:
        """Return the principal of a secret; None if it is unknown, revoked or expired."""
        digest, now = _digest(secret), self._clock()
        cached = self._cache.get(digest)
        if cached is None or not 0 <= now - cached[0] < CACHE_SECONDS:
            cached = self._load(digest, now)
        return cached[2] if cached is not None and now < cached[1] else None

    def _load(self, digest: str, now: float) -> tuple[float, float, Principal] | None:
        row = self._reader.fetch_one(_BY_DIGEST, digest=digest)
        if row is None or not hmac.compare_digest(row[-1], digest):
            self._cache.pop(digest, None)
            return None
        key = to_key(row[:-1])
        principal = Principal(
            account_id=key.account_id,
            key_id=key.id,
            requests_per_minute=key.requests_per_minute,
            running_limit=key.running_limit,
            models=key.models,
        )
        cached = (now, float("inf") if key.expires_at is None else key.expires_at, principal)
        self._cache[digest] = cached
        self._cache.move_to_end(digest)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return cached

    def _evict(self, key_id: str) -> None:
        for digest in [digest for digest, cached in self._cache.items() if cached[2].key_id == key_id]:
            del self._cache[digest]


def _new_secret() -> str:
    return f"fg-{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _insert_key(connection: DbConnection, key: ApiKey, secret: str) -> None:
    values = msgspec.structs.asdict(key)
    values["models"] = None if key.models is None else to_json(key.models)
    connection.execute(_INSERT_KEY, **values, sha256=_digest(secret))
