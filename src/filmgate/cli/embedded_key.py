"""Base URL, account and API key of commands that use this machine's own data folder."""

from __future__ import annotations

import time
from pathlib import Path

from filmgate.atomic_files import atomic_write
from filmgate.store import Store

__all__ = ["EMBEDDED_KEY_NAME", "LOCAL_URL", "ensure_owner", "ensure_secret"]

EMBEDDED_KEY_NAME = "embedded"
"""Name of the key of embedded commands; its secret is in the data folder, readable only by its user."""

LOCAL_URL = "http://filmgate.invalid"
"""Base URL of requests that never leave this process."""


async def ensure_owner(store: Store) -> str:
    """Return the id of the account that owns the data folder: the oldest one; create it if there is none."""
    accounts = await store.accounts.list_accounts()
    return accounts[0].id if accounts else (await store.accounts.create_account("owner", None)).id


async def ensure_secret(store: Store, data: Path) -> str:
    """Return the secret of the embedded key; create the key if it is missing or no longer valid."""
    file = data / "secrets" / "embedded.key"
    secret = file.read_text(encoding="ascii").strip() if file.exists() else None
    if secret is None or await store.accounts.authenticate(secret) is None:
        _, secret = await store.accounts.create_key(await ensure_owner(store), EMBEDDED_KEY_NAME, time.time())
        file.parent.mkdir(mode=0o700, exist_ok=True)
        atomic_write(file, secret.encode("ascii"), mode=0o600, durable=False)  # a lost key is replaced by a new one
    return secret
