"""Whether the server is ready, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from filmgate.server.health import Check, Readiness, disk_check, running_check, store_check

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.server.conftest import ApiServer


async def _request(app: Readiness, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.request(method, "/readyz")


async def test_a_healthy_server_is_ready(api: httpx2.AsyncClient) -> None:
    """Its flow runs, its rows can be written and its disk has room; no key is needed."""
    answer = await api.get("/readyz", headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"flow": "ok", "store": "ok", "disk": "ok"}}


async def test_each_failed_check_is_named(api_server: ApiServer, tmp_path: Path) -> None:
    """A server that is not ready reports which check failed, and why; the others are ok."""
    await api_server.close()
    checks: dict[str, Check] = {
        "flow": running_check(lambda: False),
        "store": store_check(api_server.store),
        "disk": disk_check(tmp_path, min_free_bytes=2**80),
        "folder": disk_check(tmp_path / "gone"),
        "fine": disk_check(tmp_path, min_free_bytes=0),
    }
    answer = await _request(Readiness(checks))
    body = answer.json()
    assert (answer.status_code, body["status"]) == (503, "unready")
    assert body["checks"].pop("disk").endswith(f"MiB are free, {2**60} MiB are needed")
    assert body["checks"] == {
        "flow": "starting or stopping",
        "store": "The server is starting or stopping; try again in a moment.",
        "folder": "the data folder can't be checked: No such file or directory",
        "fine": "ok",
    }


async def test_a_draining_server_is_not_ready(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A load balancer then sends no more requests to it."""
    api_server.app.drain()
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["flow"]) == (503, "starting or stopping")
