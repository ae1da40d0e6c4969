"""The readiness endpoint's cache and methods."""

from __future__ import annotations

import httpx2
import pytest

from filmgate.server.health import Readiness


async def _request(app: Readiness, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.request(method, "/readyz")


async def _failing_check() -> str | None:
    return "broken"


async def test_readiness_is_cached_for_a_second() -> None:
    """The disk is written at most once a second, however many requests arrive."""
    now, checked_at = [100.0], []

    async def check() -> str | None:
        checked_at.append(now[0])
        return None

    readiness = Readiness({"store": check}, clock=lambda: now[0])
    for now[0] in (100.0, 100.9, 101.0, 101.5):
        assert (await _request(readiness)).status_code == 200
    assert checked_at == [100.0, 101.0]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 503), ("POST", 405)])
async def test_readiness_supports_head_and_rejects_post(method: str, status: int) -> None:
    """A failing check makes HEAD respond with 503."""
    assert (await _request(Readiness({"it": _failing_check}), method)).status_code == status
