"""The engine for vendors that make films in a chat: one call a film, whatever happens to its stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from msgspec.structs import replace
from tests.support.polling import until_async

from filmgate.domain import Size
from filmgate.engines import EngineContext, create_engine
from filmgate.engines.base import Engine, Job, JobState, JobStatus
from filmgate.engines.chat_sse import ChatSseEngine, ChatSseOptions, read_options
from filmgate.engines.testcard import encode
from filmgate.errors import (
    BadArtifact,
    EngineError,
    EngineRejected,
    EngineUnavailable,
    SettingsError,
    SubmissionUnknown,
)
from filmgate.testing import mock
from filmgate.testing.engine_contract import EngineContract, poll_until_ended, sample_job

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-vendor-1234567890abcdef"
CHAT = replace(sample_job(), model="sora-2-hd-10s-chat", seconds=10)


def _context(folder: Path, **options: object) -> EngineContext:
    return EngineContext(name="chat", options=options, cache=folder / "cache", scratch=folder / "scratch")


class TestContract(EngineContract):
    """What every engine must do, against a vendor that behaves."""

    @pytest.fixture
    async def engine(self, tmp_path: Path) -> AsyncIterator[Engine]:
        """The engine, made as a server makes it."""
        async with mock.running(mock.MockConfig(key=KEY, seconds_per_job=(0.1, 0.2))) as vendor:
            engine = create_engine("chat-sse", _context(tmp_path, base_url=vendor.base_url, api_key=KEY))
            await engine.start()
            yield engine
            await engine.stop()

    @pytest.fixture
    def job(self) -> Job:
        """One of the kind that such vendors make."""
        return replace(sample_job(), model=CHAT.model, seconds=CHAT.seconds)


Tell = Callable[[web.StreamResponse], Awaitable[None]]


class Vendor:
    """A vendor that streams what a test tells it to."""

    def __init__(self, film: bytes) -> None:
        self.film = film
        self.posted: list[dict[str, object]] = []
        self.refusal: web.Response | None = None
        self.go_on = asyncio.Event()
        self.port = 0
        self.tell: Tell = self._story

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """``POST /chat/completions``."""
        self.posted.append(await request.json())
        if self.refusal is not None:
            return self.refusal
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await self.tell(response)
        return response

    async def _story(self, response: web.StreamResponse) -> None:
        """Its name, a pause until the test lets it go on, its film."""
        await say(response, f"> ID: `task_{len(self.posted)}abc`\n> 🏃 进度 42..")
        await self.go_on.wait()
        await say(response, f"100\n[⏬ 下载](http://127.0.0.1:{self.port}/film.mp4)\n", end=True)

    async def send(self, _request: web.Request) -> web.Response:
        """The film."""
        return web.Response(body=self.film, content_type="video/mp4")


async def say(response: web.StreamResponse, text: str, *, end: bool = False) -> None:
    """A piece of a story."""
    chunk = {"id": "chatcmpl-1", "choices": [{"delta": {"content": text}}]}
    await response.write(f"data: {json.dumps(chunk)}\n\n".encode() + (b"data: [DONE]\n\n" if end else b""))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP4."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(replace(CHAT, size=Size(64, 64), seconds=1), path)
    return path.read_bytes()


@pytest.fixture
async def vendor(film: bytes) -> AsyncIterator[Vendor]:
    """A vendor on a free port."""
    vendor = Vendor(film)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", vendor.converse)
    app.router.add_get("/film.mp4", vendor.send)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    vendor.port = runner.addresses[0][1]
    yield vendor
    vendor.go_on.set()
    await runner.cleanup()


@pytest.fixture
async def engine(vendor: Vendor, tmp_path: Path) -> AsyncIterator[ChatSseEngine]:
    """The engine of that vendor."""
    engine = _engine(vendor, tmp_path)
    yield engine
    await engine.stop()


def _engine(vendor: Vendor, folder: Path, **options: float) -> ChatSseEngine:
    address = f"http://127.0.0.1:{vendor.port}"
    return ChatSseEngine("chat", ChatSseOptions(base_url=address, api_key=KEY, **options), folder)  # type: ignore[arg-type]


async def _until(engine: Engine, ticket: str, state: JobState) -> JobStatus:
    async def look() -> JobStatus | None:
        verdict = await engine.poll(ticket)
        return verdict if verdict.state is state else None

    return await until_async(look)


def _kept(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


async def test_the_ticket_comes_with_the_name_and_the_stream_goes_on(
    engine: ChatSseEngine, vendor: Vendor, tmp_path: Path
) -> None:
    """Submitting takes a moment, the film its time; its call is the only one."""
    ticket = await engine.submit(CHAT)
    assert ticket == "task_1abc"
    assert (await _until(engine, ticket, JobState.WORKING)).progress == 42
    vendor.go_on.set()
    await _until(engine, ticket, JobState.DONE)
    await engine.fetch(ticket, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == vendor.film
    assert [(posted["model"], posted["stream"]) for posted in vendor.posted] == [("sora-2-hd-10s-chat", True)]


async def test_a_restart_after_the_end_loses_nothing(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """The end was written down; before it, the film is lost, and is not asked for again."""
    vendor.go_on.set()
    done = await engine.submit(CHAT)
    await _until(engine, done, JobState.DONE)
    vendor.go_on.clear()
    cut_off = await engine.submit(replace(CHAT, token="other"))
    await engine.stop()
    fresh = _engine(vendor, tmp_path)
    await fresh.start()
    assert (await fresh.poll(done)).state is JobState.DONE
    await fresh.fetch(done, tmp_path / "film.mp4")
    assert (await fresh.poll(cut_off)).state is JobState.LOST
    with pytest.raises(EngineUnavailable):
        await fresh.fetch(cut_off, tmp_path / "none.mp4")
    assert len(vendor.posted) == 2
    await fresh.stop()


async def test_an_end_is_its_accounts_alone(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """Under another key the same name is another film; the folder is that of all who ever had this engine's name."""
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    other = ChatSseEngine(
        "chat", ChatSseOptions(base_url=f"http://127.0.0.1:{vendor.port}", api_key="sk-other"), tmp_path
    )
    assert (await other.poll(ticket)).state is JobState.LOST
    await other.stop()


async def test_ends_are_put_away_in_time(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """After a week nobody asks."""
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    await engine.stop()
    assert _kept(tmp_path) == 1
    later = ChatSseEngine("chat", ChatSseOptions(base_url="http://127.0.0.1:9"), tmp_path, clock=lambda: 9e9)
    await later.start()
    assert _kept(tmp_path) == 0
    await later.stop()


async def test_a_stream_that_breaks_loses_the_film(engine: ChatSseEngine, vendor: Vendor) -> None:
    """With a name it is lost, without one nobody knows: neither way is it asked for again."""

    async def named(response: web.StreamResponse) -> None:
        await say(response, "> ID: `task_9abc`\n")

    async def nameless(response: web.StreamResponse) -> None:
        await say(response, "> 任务正在队列中\n")

    vendor.tell = named
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.LOST)
    vendor.tell = nameless
    with pytest.raises(SubmissionUnknown):
        await engine.submit(replace(CHAT, token="other"))
    assert len(vendor.posted) == 2


async def test_a_stream_without_a_name_is_known_by_ours(vendor: Vendor, tmp_path: Path) -> None:
    """It has begun, so it was accepted: the token is its ticket; two films of one name are told apart by it too."""

    async def nameless(response: web.StreamResponse) -> None:
        await say(response, "> 任务正在队列中\n")
        await vendor.go_on.wait()
        await say(response, f"✅ http://127.0.0.1:{vendor.port}/film.mp4", end=True)

    async def twins(response: web.StreamResponse) -> None:
        await say(response, "> ID: `task_same`\n")
        await vendor.go_on.wait()

    vendor.tell = nameless
    engine = _engine(vendor, tmp_path, submit_timeout=0.3)
    ticket = await engine.submit(CHAT)
    assert ticket == CHAT.token
    vendor.go_on.set()
    await _until(engine, ticket, JobState.DONE)
    vendor.go_on.clear()
    vendor.tell = twins
    tickets = {await engine.submit(replace(CHAT, token=token)) for token in ("one", "two")}
    assert tickets == {"task_same", "two"}
    await engine.stop()


async def test_silence_is_no_acceptance(vendor: Vendor, tmp_path: Path) -> None:
    """Nor a refusal."""

    async def silent(_response: web.StreamResponse) -> None:
        await vendor.go_on.wait()

    vendor.tell = silent
    engine = _engine(vendor, tmp_path, submit_timeout=0.2)
    with pytest.raises(SubmissionUnknown):
        await engine.submit(CHAT)
    await engine.stop()


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (400, {}, EngineRejected),
        (401, {}, EngineRejected),
        (429, {"Retry-After": "3"}, EngineUnavailable),
        (502, {}, SubmissionUnknown),
        (503, {}, SubmissionUnknown),
    ],
)
async def test_a_refusal_is_judged_by_the_table(
    engine: ChatSseEngine, vendor: Vendor, status: int, headers: dict[str, str], error: type[EngineError]
) -> None:
    """As for every upstream; and nothing of the key or the host gets out."""
    body = json.dumps({"error": {"message": f"No, {KEY} of 127.0.0.1."}})
    vendor.refusal = web.Response(status=status, headers=headers, text=body, content_type="application/json")
    with pytest.raises(error) as caught:
        await engine.submit(CHAT)
    assert KEY not in caught.value.message
    assert "127.0.0.1" not in caught.value.message


async def test_nobody_there_is_a_reason_to_try_again(tmp_path: Path) -> None:
    """It was certainly not accepted."""
    engine = ChatSseEngine("chat", ChatSseOptions(base_url="http://127.0.0.1:9"), tmp_path)
    with pytest.raises(EngineUnavailable):
        await engine.submit(CHAT)
    with pytest.raises(EngineUnavailable):
        await engine.find(CHAT, 0)
    await engine.stop()


async def test_a_failure_is_told_without_secrets(engine: ChatSseEngine, vendor: Vendor) -> None:
    """Its reason, cleaned; a story without a film failed too."""

    async def fails(response: web.StreamResponse) -> None:
        await say(response, f"> ID: `task_8abc`\n> ❌ 生成失败：{KEY} 127.0.0.1 余额\n", end=True)

    vendor.tell = fails
    verdict = (await poll_until_ended(engine, await engine.submit(CHAT)))[-1]
    assert verdict.state is JobState.FAILED
    assert verdict.error is not None
    assert KEY not in verdict.error.message
    assert "余额" in verdict.error.message


async def test_what_is_no_film_is_a_bad_artifact(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """HTML under the film's address."""
    vendor.film = b"<html>gone</html>"
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    with pytest.raises(BadArtifact):
        await engine.fetch(ticket, tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"base_url": "ftp://x"},
        {"base_url": "http://x/v1?key=sk-secret"},
        {"base_url": "http://user:sk-secret@x/v1"},
        {"base_url": "http://x", "nope": 1},
        {"base_url": "http://x", "idle_timeout": 0},
    ],
)
def test_options_that_cannot_be_used_are_told(tmp_path: Path, options: dict[str, object]) -> None:
    """With the engine's name."""
    with pytest.raises(SettingsError, match="chat") as told:
        read_options(_context(tmp_path, **options))
    assert "sk-secret" not in told.value.message
