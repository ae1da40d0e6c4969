"""Accounts and their keys. A key is 256 random bits, shown once; only its SHA-256 is kept."""

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
"""How long a key's answer is kept: another process's revocation is seen after that."""

CACHE_SIZE = 10_000

_ACCOUNT_COLUMNS = tuple(account.c[field] for field in Account.__struct_fields__)
_INSERT_ACCOUNT = insert(account).values(**{column.name: bindparam(column.name) for column in account.c})
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
    """Who may use the server.

    Args:
        reader: the reading connection.
        writer: what groups the writes.
        clock: Unix seconds.
    """

    def __init__(self, reader: DbConnection, writer: GroupCommitWriter, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, float, Principal]] = OrderedDict()  # by digest: read at, valid until

    async def create_account(self, name: str, balance_micros: int | None) -> Account:
        """A new account; a balance of None is unlimited."""
        made = Account(id=new_id("acct"), name=name, balance_micros=balance_micros, created_at=self._clock())

        def write(connection: DbConnection) -> Account:
            connection.execute(_INSERT_ACCOUNT, **msgspec.structs.asdict(made))
            if balance_micros:
                append_entry(connection, made.id, None, "grant", balance_micros, made.created_at)
            return made

        return await self._writer.write(write)

    async def list_accounts(self) -> list[Account]:
        """All accounts, oldest first."""
        return [
            Account(**dict(zip(Account.__struct_fields__, row, strict=True)))
            for row in self._reader.fetch_all(_ACCOUNTS)
        ]

    async def get_account(self, account_id: str) -> Account | None:
        """One account as it stands."""
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
        """A new key and its secret, which nobody can ever read again; ``now`` is the clock's time unless given.

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
        """The keys of an account, or all, oldest first; revoked ones too."""
        rows = (
            self._reader.fetch_all(_KEYS) if account_id is None else self._reader.fetch_all(_KEYS_OF, owner=account_id)
        )
        return [to_key(row) for row in rows]

    async def revoke_key(self, key_id: str, now: float | None = None) -> bool:
        """End a key; False if it is unknown or ended already. Other processes see it within a second."""
        at = self._clock() if now is None else now
        done = await self._writer.write(lambda connection: connection.execute(_REVOKE, key_id=key_id, now=at) == 1)
        self._evict(key_id)
        return done

    async def rotate_key(self, key_id: str, now: float | None = None, *, grace: float = 0.0) -> tuple[ApiKey, str]:
        """End a key and make another with the same name and limits, in one transaction.

        Args:
            key_id: the old one.
            now: Unix seconds; the clock's time unless given.
            grace: seconds for which the old one works beside the new one.

        Raises:
            NotFound: unknown or revoked.
        """
        at, secret = self._clock() if now is None else now, _new_secret()

        def write(connection: DbConnection) -> ApiKey:
            row = connection.fetch_one(_KEY, key_id=key_id)
            ended = row is not None and (
                connection.execute(_EXPIRE_EARLIER, key_id=key_id, until=at + grace)
                if grace
                else connection.execute(_REVOKE, key_id=key_id, now=at)
            )
            if row is None or not ended:
                raise NotFound(f"Key '{key_id}' not found, or revoked already.")
            fresh = {"id": new_id("key"), "prefix": secret[:8], "created_at": at}
            key = msgspec.structs.replace(to_key(row), **fresh)
            _insert_key(connection, key, secret)
            return key

        key = await self._writer.write(write)
        self._evict(key_id)
        return key, secret

    async def authenticate(self, secret: str) -> Principal | None:
        """Whom the secret stands for; None if it is unknown, revoked or expired."""
        digest, now = _digest(secret), self._clock()
        seen = self._cache.get(digest)
        if seen is None or not 0 <= now - seen[0] < CACHE_SECONDS:
            seen = self._load(digest, now)
        return seen[2] if seen is not None and now < seen[1] else None

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
        seen = (now, float("inf") if key.expires_at is None else key.expires_at, principal)
        self._cache[digest] = seen
        self._cache.move_to_end(digest)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return seen

    def _evict(self, key_id: str) -> None:
        for digest in [digest for digest, seen in self._cache.items() if seen[2].key_id == key_id]:
            del self._cache[digest]


def _new_secret() -> str:
    return f"fg-{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _insert_key(connection: DbConnection, key: ApiKey, secret: str) -> None:
    values = msgspec.structs.asdict(key)
    values["models"] = None if key.models is None else to_json(key.models)
    connection.execute(_INSERT_KEY, **values, sha256=_digest(secret))
