"""One wish, one video, one hold: however often it is said."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiohttp import web
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from filmgate.domain import VideoRecord
    from filmgate.store import ApiKey

Live = Any  # the fixtures' own class

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

CREATE = {"prompt": "a paper boat", "model": "sora-2"}


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (720, 1280), "teal").save(out, "PNG")
    return out.getvalue()


class Dropper:
    """A proxy that forwards requests, and hangs up before the answers to the first few."""

    def __init__(self, port: int, drops: int) -> None:
        self.forwarded = 0
        self._port = port
        self._drops = drops

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(_pipe(reader, upstream))
        first = await upstream_reader.read(65_536)
        self.forwarded += 1
        if self._drops > 0:
            self._drops -= 1
            writer.transport.abort()
        else:
            writer.write(first)
            await _pipe(upstream_reader, writer)
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)
        upstream.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def dropping(url: str, drops: int) -> AsyncIterator[tuple[Dropper, str]]:
    """Such a proxy before a server."""
    dropper = Dropper(int(url.rpartition(":")[2]), drops)
    server = await asyncio.start_server(dropper.handle, "127.0.0.1", 0)
    try:
        yield dropper, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _books(live: Live, key: ApiKey) -> tuple[int, int, list[str]]:
    """How many videos, how much is held, and what is wrong with the books."""
    videos, _ = await live.gate.store.videos.page(key.account_id, after=None, limit=100, ascending=True)
    usage = await live.gate.store.ledger.usage(key.account_id, 0)
    return len(videos), usage.held_micros, await live.gate.store.ledger.audit()


@pytest.mark.parametrize("with_file", [False, True])
async def test_a_dropped_connection_after_create_with_the_official_sdk(idle: Live, with_file: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The SDK sends the create again, twice, each with a new boundary; there is one video and one hold."""
    key, secret = await idle.key(1_000)
    extra: dict[str, Any] = {"input_reference": ("a.png", _picture())} if with_file else {}
    async with dropping(idle.url, drops=2) as (dropper, url), idle.sdk(secret, url) as sdk:
        video = await sdk.videos.create(**CREATE, **extra)
    assert dropper.forwarded == 3
    assert await _books(idle, key) == (1, 100, [])
    assert await idle.gate.store.videos.get(video.id) is not None


async def test_a_resend_while_the_first_is_still_being_answered(idle: Live) -> None:
    """It waits for the first, and answers with its video; the picture is fetched once."""
    key, secret = await idle.key(1_000)
    asked, go, fetched = asyncio.Event(), asyncio.Event(), []

    async def picture(_request: web.Request) -> web.Response:
        fetched.append(1)
        asked.set()
        await go.wait()
        return web.Response(body=_picture())

    async with _serving("/a.png", picture) as url, idle.client(secret) as client:
        body = CREATE | {"input_reference": {"image_url": f"{url}/a.png"}}
        first = asyncio.create_task(client.post("/v1/videos", json=body))
        await asked.wait()
        again = {"x-stainless-retry-count": "1"}
        resends = [asyncio.create_task(client.post("/v1/videos", json=body, headers=again)) for _ in range(2)]
        while len(next(iter(idle.gate.videos._single_flight._running.values()))) < 3:  # noqa: ASYNC110 - there is no event for a request that waits
            await asyncio.sleep(0)
        go.set()
        answers = await asyncio.gather(first, *resends)
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(fetched) == 1
    assert await _books(idle, key) == (1, 100, [])


@asynccontextmanager
async def _serving(path: str, handler: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get(path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_what_is_no_resend(idle: Live) -> None:
    """A first sending, another key's, and another request each make a video of their own."""
    key, secret = await idle.key()
    _, sister = await idle.gate.store.accounts.create_key(key.account_id, "sister")
    again = {"x-stainless-retry-count": "1"}
    async with idle.client(secret) as mine, idle.client(sister) as hers:
        answers = [
            await mine.post("/v1/videos", json=CREATE),
            await mine.post("/v1/videos", json=CREATE),
            await hers.post("/v1/videos", json=CREATE, headers=again),
            await mine.post("/v1/videos", json=CREATE | {"prompt": "a tin boat"}, headers=again),
        ]
        assert len({answer.json()["id"] for answer in answers}) == 4
        resent = await mine.post("/v1/videos", data=CREATE, headers=again)
    assert resent.json()["id"] == answers[1].json()["id"]


async def test_the_same_idempotency_key_200_times_at_once(idle: Live) -> None:
    """One video and one hold; every answer is a 200 with that video."""
    key, secret = await idle.key(1_000)
    async with idle.client(secret, **{"idempotency-key": "order-7"}) as client:
        answers = await asyncio.gather(*(client.post("/v1/videos", json=CREATE) for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await _books(idle, key) == (1, 100, [])


async def test_an_idempotency_key_stands_for_its_request(idle: Live) -> None:
    """With other parameters it is refused, and another account's is another; a replay needs no live picture."""
    _, secret = await idle.key()
    _, stranger = await idle.key()
    mark = {"idempotency-key": "order-7"}
    async with idle.client(secret, **mark) as mine, idle.client(stranger, **mark) as theirs:
        first = await mine.post("/v1/videos", json=CREATE)
        other = await mine.post("/v1/videos", json=CREATE | {"seconds": "8"})
        foreign = await theirs.post("/v1/videos", json=CREATE | {"seconds": "8"})
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_key_reuse")
    assert other.headers["x-should-retry"] == "false"
    assert foreign.status_code == 200
    assert foreign.json()["id"] != first.json()["id"]


async def test_a_replay_needs_neither_picture_nor_model(idle: Live) -> None:
    """What was accepted is answered with, though its picture is gone from the web by now."""
    _, secret = await idle.key()

    async def picture(_request: web.Request) -> web.Response:
        return web.Response(body=_picture())

    async with idle.client(secret, **{"idempotency-key": "k"}) as client:
        async with _serving("/a.png", picture) as url:
            body = CREATE | {"input_reference": {"image_url": f"{url}/a.png"}}
            first = msgspec.json.decode((await client.post("/v1/videos", json=body)).content)
        again = await client.post("/v1/videos", json=body)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


async def test_a_chat_that_was_sent_again(idle: Live) -> None:
    """Chat programs' SDKs resend too: one video, one hold."""
    key, secret = await idle.key(1_000)
    model = next(each.name for each in idle.gate.videos.catalog.models() if each.chat)
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "a paper boat"}]}
    again = {"x-stainless-retry-count": "1"}
    async with idle.client(secret) as client:
        for headers in ({}, again):
            async with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
                assert answer.status_code == 200
    assert (await _books(idle, key))[0] == 1


async def test_answered_videos_are_whole(live: Live) -> None:
    """A video that was asked for thrice is made once, and paid once."""
    key, secret = await live.key(1_000)
    async with dropping(live.url, drops=2) as (_, url), live.sdk(secret, url) as sdk:
        video = await sdk.videos.create(**CREATE)
    async with live.client(secret) as client:
        done = await client.get(f"/v1/videos/{video.id}")
        while done.json()["status"] != "completed":
            assert done.json()["status"] != "failed"
            done = await client.get(f"/v1/videos/{video.id}", params={"wait": "20"})
    rows: list[VideoRecord] = (await live.gate.store.videos.page(key.account_id, after=None, limit=9, ascending=True))[
        0
    ]
    assert [row.id for row in rows] == [video.id]
    usage = await live.gate.store.ledger.usage(key.account_id, 0)
    assert (usage.balance_micros, usage.held_micros, usage.captured_micros) == (900, 0, 100)
