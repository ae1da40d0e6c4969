"""The health endpoint's cache and methods."""

from __future__ import annotations

import httpx2
import pytest

from filmgate.server.health import Readiness


async def _ask(app: Readiness, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.request(method, "/readyz")


async def _never() -> str | None:
    return "broken"


async def test_an_answer_is_kept_for_a_second() -> None:
    """However often it is asked, the disk is written once a second at most."""
    now, asked = [100.0], []

    async def check() -> str | None:
        asked.append(now[0])
        return None

    ready = Readiness({"store": check}, clock=lambda: now[0])
    for now[0] in (100.0, 100.9, 101.0, 101.5):
        assert (await _ask(ready)).status_code == 200
    assert asked == [100.0, 101.0]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 503), ("POST", 405)])
async def test_its_methods(method: str, status: int) -> None:
    """It can be read and nothing else."""
    assert (await _ask(Readiness({"it": _never}), method)).status_code == status
