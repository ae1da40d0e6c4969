"""The honest side: durations, limits, idempotency, outages, many vendors at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import openai
import pytest
from tests.support.raw_client import RawClient, Starting

from filmgate.domain import Size
from filmgate.media.probe import verify
from filmgate.testing import mock
from filmgate.testing.mock.runner import running

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now


async def test_a_job_takes_its_time() -> None:
    """Queued, in progress by jumps that never fall, completed when its time is up."""
    clock = Clock()
    async with running(mock.MockConfig(seconds_per_job=(30, 90), seed=3), clock=clock) as upstream:
        raw = RawClient(upstream.origin)
        path = f"/v1/videos/{(await raw.post('/v1/videos', {'prompt': 'A boat'})).json['id']}"
        shown = []
        for _ in range(95):
            video = (await raw.get(path)).json
            shown.append((video["status"], video["progress"]))
            clock.now += 1
    assert list(dict.fromkeys(status for status, _ in shown)) == ["queued", "in_progress", "completed"]
    steps = [progress for _, progress in shown]
    assert steps == sorted(steps)
    assert 4 <= len(set(steps)) <= 8
    assert 30 <= [status for status, _ in shown].index("completed") <= 91


async def test_slow_success_comes_in_the_end() -> None:
    """Long after any client's deadline the film is there."""
    clock = Clock()
    async with running(clock=clock) as upstream:
        raw = RawClient(upstream.origin)
        order = {"prompt": "A boat [mock:slow-success=7200]"}
        path = f"/v1/videos/{(await raw.post('/v1/videos', order)).json['id']}"
        for at, status in ((0, "queued"), (3600, "in_progress"), (7200, "completed")):
            clock.now = 1_000_000.0 + at
            assert (await raw.get(path)).json["status"] == status


async def test_limits() -> None:
    """Too many at once and too many a minute are 429, each vendor by its own numbers unless told otherwise."""
    clock = Clock()
    order = {"prompt": "A boat", "model": "sora-2", "seconds": "10", "size": "720x1280"}
    async with running(mock.MockConfig(seconds_per_job=(40, 40)), clock=clock) as upstream:
        raw = RawClient(upstream.origin)
        assert {(await raw.post("/sglang/v1/videos", order)).status for _ in range(12)} == {200}
        statuses = [(await raw.post("/apiyi-async/v1/videos", order)).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        clock.now += 41
        statuses = [(await raw.post("/apiyi-async/v1/videos", order)).status for _ in range(5)]
        assert statuses == [200] * 5
        clock.now += 1
        seen = await raw.post("/apiyi-async/v1/videos", order)
        assert (seen.status, seen.json["error"]["code"]) == (429, "rate_limit_exceeded")
        assert 0 < int(seen.headers["retry-after"]) <= 60


async def test_limits_of_ones_own(start: Starting) -> None:
    """Zero lifts a vendor's limit, a number sets one."""
    order = {"prompt": "A boat", "model": "sora-2", "seconds": "10", "size": "720x1280"}
    _, free = await start(seconds_per_job=(40, 40), max_running=0, creates_per_minute=0)
    assert {(await free.post("/apiyi-async/v1/videos", order)).status for _ in range(12)} == {200}
    _, tight = await start(creates_per_minute=2)
    assert [(await tight.post("/v1/videos", {"prompt": "A"})).status for _ in range(3)] == [200, 200, 429]


async def test_an_idempotency_key_finds_its_job(start: Starting) -> None:
    """Where the mock honours it, even after a lost reply; where it does not, there are two jobs."""
    key = {"Idempotency-Key": "one"}
    upstream, raw = await start(idempotent=True)
    assert (await raw.post("/v1/videos", {"prompt": "A [mock:reply-lost]"}, **key)).ended == "reset"
    again = await raw.post("/v1/videos", {"prompt": "A [mock:reply-lost]"}, **key)
    assert again.json["id"] == upstream.lines[1].job
    assert [line.event for line in upstream.lines[1:]] == [mock.LogEvent.SUBMISSION, mock.LogEvent.REPLAY]
    upstream, raw = await start()
    ids = {(await raw.post("/v1/videos", {"prompt": "A"}, **key)).json["id"] for _ in range(2)}
    assert len(ids) == 2


async def test_an_outage_by_hand(start: Starting) -> None:
    """Everything is reset, from the shell or from the test, until it is over or ended."""
    upstream, raw = await start()
    assert (await raw("POST", "/mock/outage?seconds=600")).status == 200
    assert (await raw.get("/v1/models")).ended == "reset"
    await upstream.outage(0)
    assert (await raw.get("/v1/models")).status == 200
    assert [line.duration for line in upstream.lines if line.event is mock.LogEvent.OUTAGE] == [600.0, 0.0]
    assert (await raw("POST", "/mock/outage?seconds=soon")).status == 400


@pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")
@pytest.mark.parametrize(("size", "seconds"), [("720x1280", 4), ("1280x720", 12)])
async def test_the_official_sdk_makes_a_film(size: str, seconds: int, start: Starting, tmp_path: Path) -> None:
    """Create, poll, download: exactly what was asked for, and a fault in the prompt is met."""
    upstream, _ = await start()
    async with openai.AsyncOpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=0) as client:
        video = await client.videos.create_and_poll(prompt="A boat", size=size, seconds=str(seconds))  # type: ignore[arg-type]  # the table's words
        assert video.status == "completed"
        content = await client.videos.download_content(video.id)
        path = tmp_path / "film.mp4"
        path.write_bytes(content.read())
        verify(path, Size.parse(size) or Size(2, 2), seconds)
        failed = await client.videos.create_and_poll(prompt="A boat [mock:failed-moderated]")
        assert failed.error is not None
        assert failed.error.code == "moderation_blocked"
        with pytest.raises(openai.APIConnectionError):
            await client.videos.create(prompt="A boat [mock:reply-lost]")


async def test_thousands_of_jobs_are_cheap(start: Starting, tmp_path: Path) -> None:
    """Each has a film of its own, encoded once; a thousand take seconds."""
    upstream, _ = await start(log=tmp_path / "log.jsonl", any_size=True)
    async with aiohttp.ClientSession(upstream.base_url + "/") as session:

        async def make(number: int) -> str:
            order = {"prompt": f"Boat {number}", "size": "64x64", "seconds": "1"}
            async with session.post("videos", json=order) as created:
                job = (await created.json())["id"]
            async with session.get(f"videos/{job}/content") as content:
                return mock.read_job_id(await content.read())

        async with asyncio.timeout(60):
            owners = await asyncio.gather(*(make(number) for number in range(300)))
    assert len(set(owners)) == 300


async def test_nothing_is_left_when_it_ends() -> None:
    """Held and endless answers end with the mock, at once."""
    before = len(asyncio.all_tasks())
    async with running() as upstream:
        raw = RawClient(upstream.origin)
        job = (await raw.post("/v1/videos", {"prompt": "A [mock:content-hangs]"})).json["id"]
        reader, writer = await asyncio.open_connection(*upstream.origin.removeprefix("http://").split(":"))
        writer.write(f"GET /v1/videos/{job}/content HTTP/1.1\r\nHost: mock\r\n\r\n".encode())
        assert await reader.readuntil(b"ftyp")
    async with asyncio.timeout(60):
        assert b"moov" in await reader.read()
    writer.close()
    assert len(asyncio.all_tasks()) == before
