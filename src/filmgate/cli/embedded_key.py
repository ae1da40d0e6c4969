"""The address, the account and the API key that commands use on this machine's own data folder."""

from __future__ import annotations

import time
from pathlib import Path

from filmgate.atomic_files import atomic_write
from filmgate.store import Store

__all__ = ["EMBEDDED_KEY_NAME", "LOCAL_URL", "ensure_owner", "ensure_secret"]

EMBEDDED_KEY_NAME = "embedded"
"""The name of the key that embedded commands use; its secret lies in the data folder, for its user alone."""

LOCAL_URL = "http://filmgate.invalid"
"""The base address of requests that never leave this process."""


async def ensure_owner(store: Store) -> str:
    """The account that owns the data folder: the oldest one; created if there is none."""
    accounts = await store.accounts.list_accounts()
    return accounts[0].id if accounts else (await store.accounts.create_account("owner", None)).id


async def ensure_secret(store: Store, data: Path) -> str:
    """The secret of the embedded key; created if it is missing or no longer valid."""
    file = data / "secrets" / "embedded.key"
    secret = file.read_text(encoding="ascii").strip() if file.exists() else None
    if secret is None or await store.accounts.authenticate(secret) is None:
        _, secret = await store.accounts.create_key(await ensure_owner(store), EMBEDDED_KEY_NAME, time.time())
        file.parent.mkdir(mode=0o700, exist_ok=True)
        atomic_write(file, secret.encode("ascii"), mode=0o600, durable=False)  # a lost key is replaced by a new one
    return secret
