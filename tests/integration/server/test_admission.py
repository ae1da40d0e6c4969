"""What is refused before a large body is read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2
    from tests.integration.server.conftest import ApiServer

CREATE = {"prompt": "a paper boat", "model": "sora-2"}


class Upload:
    """A body without a known length that counts what is read of it."""

    def __init__(self) -> None:
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield a megabyte in pieces."""
        for _ in range(16):
            self.read += 1
            yield b" " * 65_536


async def _key(
    api_server: ApiServer,
    balance: int | None,
    *,
    requests_per_minute: int | None = None,
    running_limit: int | None = None,
) -> dict[str, str]:
    accounts = api_server.store.accounts
    account = await accounts.create_account("poor", balance)
    _, secret = await accounts.create_key(
        account.id, "poor", time.time(), requests_per_minute=requests_per_minute, running_limit=running_limit
    )
    return {"authorization": f"Bearer {secret}", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("balance", "limits", "status"),
    [(0, {}, 403), (None, {"requests_per_minute": 1}, 429), (None, {"running_limit": 1}, 429)],
    ids=["balance", "rate", "running"],
)
@pytest.mark.parametrize("path", ["/v1/videos", "/v1/videos/edits", "/apiyi-async/v1/videos"])
async def test_a_key_that_may_not_create_sends_no_body(
    api: httpx2.AsyncClient, api_server: ApiServer, path: str, balance: int | None, limits: dict[str, int], status: int
) -> None:
    """The answer comes before a byte is read."""
    api_server.videos._cheapest = 5  # the built-in models are free
    headers, upload = await _key(api_server, balance, **limits), Upload()
    if balance is None:
        assert (await api.post("/v1/videos", json=CREATE, headers=headers)).status_code == 200
    response = await api.post(path, content=upload, headers=headers)
    assert (response.status_code, upload.read) == (status, 0)


async def test_a_repetition_is_read_whatever_the_limits(api: httpx2.AsyncClient, api_server: ApiServer) -> None:
    """A request that was accepted gets its video again, although the key may create no other."""
    headers = await _key(api_server, None, requests_per_minute=1) | {"idempotency-key": "k"}
    first = await api.post("/v1/videos", json=CREATE, headers=headers)
    padded = b" " * 300_000 + first.request.content
    again = await api.post("/v1/videos", content=padded, headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
