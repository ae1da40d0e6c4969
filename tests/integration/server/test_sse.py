"""The event stream of a video."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

from tests.support.polling import until, until_async

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def test_a_video_s_life(live: Live) -> None:
    """Queued with its place, progress as it comes, the whole video at the end, and the stream is over."""
    with live.client() as client:
        other, made = (client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"] for _ in range(2))
        flow = live.api_server.fake_flow
        with client.stream("GET", f"/v1/videos/{made}/events") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            stream = Stream(answer.iter_text())
            assert stream.until("queued")["position"] == 2
            live.do(flow.complete(other, video=b"film"))
            live.do(flow.begin(made))
            for progress in (10, 60):
                live.do(flow.advance(made, progress))
                assert stream.until("progress")["progress"] == progress
            live.do(flow.fail(made))
            assert stream.until("failed") == client.get(f"/v1/videos/{made}").json()
            assert stream.rest() == []


async def test_a_finished_video_is_one_event(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Who comes late is told at once."""
    made = await _made(api)
    await api_server.fake_flow.complete(made, video=b"film")
    answer = await api.get(f"/v1/videos/{made}/events")
    assert [name for name, _ in _events(answer.text)] == ["completed"]


async def test_a_deleted_video_ends_its_streams(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Nothing more can be told of it."""
    made = await _made(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{made}/events"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    await api_server.fake_flow.fail(made)
    await api.delete(f"/v1/videos/{made}")
    assert _events((await stream).text)[0][0] == "queued"


async def test_a_draining_server_ends_streams_whole(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The stream ends like one that is complete, so that the client simply connects again."""
    made = await _made(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{made}/events"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    api_server.app.drain()
    assert [name for name, _ in _events((await stream).text)] == ["queued"]


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
    until(lambda: live.do(_streams(live)) == 0)


class Stream:
    """Reads the events of an open stream as they come."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""

    def until(self, wanted: str) -> dict[str, object]:
        """The data of the next event of that name; those before it are passed over, unless progress is."""
        while True:
            while "\n\n" not in self._text:
                self._text += next(self._pieces)
            block, _, self._text = self._text.partition("\n\n")
            for name, data in _events(block):
                if name == wanted:
                    return data
                assert name == "queued" or wanted == "failed", (name, wanted)

    def rest(self) -> list[tuple[str, dict[str, object]]]:
        """What is still to come, once the stream has ended."""
        return _events(self._text + "".join(self._pieces))


async def _streams(live: Live) -> int:
    return len(live.api_server.app._long_polls._waiting)
