"""The event stream of a video."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2
    from tests.integration.server.conftest import ApiServer, Live


async def _made(api: httpx2.AsyncClient) -> str:
    made: str = (await api.post("/v1/videos", json={"prompt": "a paper boat"})).json()["id"]
    return made


def _events(text: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.splitlines()
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_video_s_life(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Queued with its place, progress as it comes, the whole video at the end, and the stream is over."""
    other, made = await _made(api), await _made(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{made}/events"))
    await asyncio.sleep(0.01)
    await api_server.fake_flow.complete(other, video=b"film")
    await api_server.fake_flow.begin(made)
    for progress in (10, 60):
        await api_server.fake_flow.advance(made, progress)
        await asyncio.sleep(0.01)
    await api_server.fake_flow.fail(made)
    answer = await asyncio.wait_for(stream, 5)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = _events(answer.text)
    assert events[0][0] == "queued"
    assert events[0][1]["position"] == 2
    assert [data["progress"] for name, data in events if name == "progress"] == [10, 60]
    assert events[-1][0] == "failed"
    assert events[-1][1] == (await api.get(f"/v1/videos/{made}")).json()


async def test_a_finished_video_is_one_event(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Who comes late is told at once."""
    made = await _made(api)
    await api_server.fake_flow.complete(made, video=b"film")
    answer = await asyncio.wait_for(api.get(f"/v1/videos/{made}/events"), 5)
    assert [name for name, _ in _events(answer.text)] == ["completed"]


async def test_a_deleted_video_ends_its_streams(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Nothing more can be told of it."""
    made = await _made(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{made}/events"))
    await asyncio.sleep(0.01)
    await api_server.fake_flow.fail(made)
    await api.delete(f"/v1/videos/{made}")
    assert _events((await asyncio.wait_for(stream, 5)).text)[0][0] == "queued"


async def test_a_draining_server_ends_streams_whole(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The stream ends like one that is complete, so that the client simply connects again."""
    made = await _made(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{made}/events"))
    await asyncio.sleep(0.01)
    api_server.app.drain()
    assert [name for name, _ in _events((await asyncio.wait_for(stream, 5)).text)] == ["queued"]


def test_signs_of_life_and_of_death(live: Live) -> None:
    """A quiet stream carries comments; a client that hangs up is found out by the next one."""
    with live.client() as client:
        made = client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"]
    with live.connect() as connection:
        connection.sendall(live.head("GET", f"/v1/videos/{made}/events"))
        received = b""
        while received.count(b": ping") < 2:
            received += connection.recv(65536)
        assert received.count(b"event: queued") == 1
        assert live.do(_streams(live)) == 1
        connection.shutdown(socket.SHUT_RDWR)
    patience = time.monotonic() + 10
    while live.do(_streams(live)):
        assert time.monotonic() < patience
        time.sleep(0.02)


async def _streams(live: Live) -> int:
    return len(live.api_server.app._patience._waiting)
