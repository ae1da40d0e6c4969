"""Whether the server is ready, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from filmgate.server.health import Check, Readiness, disk_check, running_check, store_check

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.server.conftest import ApiServer


async def _ask(app: Readiness, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        return await client.request(method, "/readyz")


async def test_ready(api: httpx2.AsyncClient) -> None:
    """A server whose flow runs, whose rows can be written and whose disk has room says so, without a key."""
    answer = await api.get("/readyz", headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"flow": "ok", "store": "ok", "disk": "ok"}}


async def test_each_reason_has_its_name(api_server: ApiServer, tmp_path: Path) -> None:
    """A server that is not ready says which check failed, and what that check saw; the others are fine."""
    await api_server.close()
    checks: dict[str, Check] = {
        "flow": running_check(lambda: False),
        "store": store_check(api_server.store),
        "disk": disk_check(tmp_path, min_free_bytes=2**80),
        "folder": disk_check(tmp_path / "gone"),
        "fine": disk_check(tmp_path, min_free_bytes=0),
    }
    answer = await _ask(Readiness(checks))
    said = answer.json()
    assert (answer.status_code, said["status"]) == (503, "unready")
    assert said["checks"].pop("disk").endswith(f"MiB are free, {2**60} MiB are needed")
    assert said["checks"] == {
        "flow": "starting or stopping",
        "store": "The server is starting or stopping; try again in a moment.",
        "folder": "the data folder can't be checked: No such file or directory",
        "fine": "ok",
    }


async def test_a_draining_server_is_not_ready(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Whoever balances load sends nothing more to a server that stops."""
    api_server.app.drain()
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["flow"]) == (503, "starting or stopping")
