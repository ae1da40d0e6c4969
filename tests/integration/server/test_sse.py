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
    from tests.integration.server.conftest import ApiServer, LiveServer


async def _create(api: httpx2.AsyncClient) -> str:
    video_id: str = (await api.post("/v1/videos", json={"prompt": "a paper boat"})).json()["id"]
    return video_id


def _events(text: str) -> list[tuple[str, dict[str, object]]]:
    events = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.splitlines()
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def test_a_stream_follows_a_video_to_its_end(live: LiveServer) -> None:
    """Queued with its position, progress as it changes, the whole video at the end, which ends the stream."""
    with live.client() as client:
        other_id, video_id = (client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"] for _ in range(2))
        flow = live.api_server.fake_flow
        with client.stream("GET", f"/v1/videos/{video_id}/events") as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            stream = Stream(answer.iter_text())
            assert stream.until("queued")["position"] == 2
            live.do(flow.complete(other_id, video=b"video"))
            live.do(flow.begin(video_id))
            for progress in (10, 60):
                live.do(flow.advance(video_id, progress))
                assert stream.until("progress")["progress"] == progress
            live.do(flow.fail(video_id))
            assert stream.until("failed") == client.get(f"/v1/videos/{video_id}").json()
            assert stream.rest() == []


async def test_a_finished_video_is_one_event(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A late client gets the result at once."""
    video_id = await _create(api)
    await api_server.fake_flow.complete(video_id, video=b"video")
    answer = await api.get(f"/v1/videos/{video_id}/events")
    assert [name for name, _ in _events(answer.text)] == ["completed"]


async def _revoke(api_server: ApiServer) -> None:
    assert await api_server.store.accounts.revoke_key(api_server.principal.key_id)


async def test_a_revoked_key_ends_its_waiting_requests(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """A stream, a long poll and a held download begun before get nothing that the video became since."""
    video_id = await _create(api)
    paths = (f"/v1/videos/{video_id}/events", f"/v1/videos/{video_id}?wait=60", f"/dmxapi/v1/videos/{video_id}/content")
    waiting = [asyncio.create_task(api.get(path)) for path in paths]
    registry = api_server.app._long_polls
    await until_async(lambda: len(registry._waiting) == len(paths))
    await _revoke(api_server)
    await api_server.fake_flow.complete(video_id, video=b"video")
    stream, poll, content = await asyncio.gather(*waiting)
    assert [name for name, _ in _events(stream.text)] == ["queued"]
    assert (poll.status_code, content.status_code) == (401, 401)


async def test_a_deleted_video_ends_its_streams(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """No event follows the deletion."""
    video_id = await _create(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{video_id}/events"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    await api_server.fake_flow.fail(video_id)
    await api.delete(f"/v1/videos/{video_id}")
    assert _events((await stream).text)[0][0] == "queued"


async def test_draining_ends_streams_cleanly(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """The stream ends like a complete one, so that the client simply reconnects."""
    video_id = await _create(api)
    stream = asyncio.create_task(api.get(f"/v1/videos/{video_id}/events"))
    await until_async(lambda: len(api_server.app._long_polls._waiting) == 1)
    api_server.app.drain()
    assert [name for name, _ in _events((await stream).text)] == ["queued"]


def test_pings_detect_disconnected_clients(live: LiveServer) -> None:
    """A quiet stream carries comments; the next one detects a client that disconnected."""
    with live.client() as client:
        video_id = client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"]
    with live.connect() as connection:
        connection.sendall(live.head("GET", f"/v1/videos/{video_id}/events"))
        received = b""
        while received.count(b": ping") < 2:
            received += connection.recv(65536)
        assert received.count(b"event: queued") == 1
        assert live.do(_streams(live)) == 1
        connection.shutdown(socket.SHUT_RDWR)
    until(lambda: live.do(_streams(live)) == 0)


class Stream:
    """Reads the events of an open stream as they arrive."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""

    def until(self, event_name: str) -> dict[str, object]:
        """Return the data of the next event of that name; skip ``queued``, and before ``failed`` any event."""
        while True:
            while "\n\n" not in self._text:
                self._text += next(self._pieces)
            block, _, self._text = self._text.partition("\n\n")
            for name, data in _events(block):
                if name == event_name:
                    return data
                assert name == "queued" or event_name == "failed", (name, event_name)

    def rest(self) -> list[tuple[str, dict[str, object]]]:
        """Return the remaining events, once the stream has ended."""
        return _events(self._text + "".join(self._pieces))


async def _streams(live: LiveServer) -> int:
    return len(live.api_server.app._long_polls._waiting)
