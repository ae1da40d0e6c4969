"""The engine for vendors with a chat API: one call a video, whatever happens to its stream."""

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
    """The engine contract, against a vendor without faults."""

    @pytest.fixture
    async def engine(self, tmp_path: Path) -> AsyncIterator[Engine]:
        """The engine, created as a server creates it."""
        async with mock.running(mock.MockConfig(key=KEY, seconds_per_job=(0.1, 0.2))) as vendor:
            engine = create_engine("chat-sse", _context(tmp_path, base_url=vendor.base_url, api_key=KEY))
            await engine.start()
            yield engine
            await engine.stop()

    @pytest.fixture
    def job(self) -> Job:
        """A job that such vendors support."""
        return replace(sample_job(), model=CHAT.model, seconds=CHAT.seconds)


StreamWriter = Callable[[web.StreamResponse], Awaitable[None]]


class Vendor:
    """A vendor whose streams the test scripts."""

    def __init__(self, video: bytes) -> None:
        self.video = video
        self.posted: list[dict[str, object]] = []
        self.error_response: web.Response | None = None
        self.go_on = asyncio.Event()
        self.port = 0
        self.stream: StreamWriter = self._stream_video

    async def complete_chat(self, request: web.Request) -> web.StreamResponse:
        """Handle ``POST /chat/completions``."""
        self.posted.append(await request.json())
        if self.error_response is not None:
            return self.error_response
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await self.stream(response)
        return response

    async def _stream_video(self, response: web.StreamResponse) -> None:
        """Stream the id, a pause until the test continues it, and the video's URL."""
        await send_chunk(response, f"> ID: `task_{len(self.posted)}abc`\n> 🏃 进度 42..")
        await self.go_on.wait()
        await send_chunk(response, f"100\n[⏬ 下载](http://127.0.0.1:{self.port}/video.mp4)\n", end=True)

    async def send(self, _request: web.Request) -> web.Response:
        """Send the video."""
        return web.Response(body=self.video, content_type="video/mp4")


async def send_chunk(response: web.StreamResponse, text: str, *, end: bool = False) -> None:
    """Send a chunk of a stream."""
    chunk = {"id": "chatcmpl-1", "choices": [{"delta": {"content": text}}]}
    await response.write(f"data: {json.dumps(chunk)}\n\n".encode() + (b"data: [DONE]\n\n" if end else b""))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP4."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    encode(replace(CHAT, size=Size(64, 64), seconds=1), path)
    return path.read_bytes()


@pytest.fixture
async def vendor(video: bytes) -> AsyncIterator[Vendor]:
    """A vendor on a free port."""
    vendor = Vendor(video)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", vendor.complete_chat)
    app.router.add_get("/video.mp4", vendor.send)
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
    async def poll() -> JobStatus | None:
        status = await engine.poll(ticket)
        return status if status.state is state else None

    return await until_async(poll)


def _count_results(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


async def test_the_ticket_is_the_id_and_the_stream_continues(
    engine: ChatSseEngine, vendor: Vendor, tmp_path: Path
) -> None:
    """Submitting returns early; the whole video needs one call only."""
    ticket = await engine.submit(CHAT)
    assert ticket == "task_1abc"
    assert (await _until(engine, ticket, JobState.WORKING)).progress == 42
    vendor.go_on.set()
    await _until(engine, ticket, JobState.DONE)
    await engine.fetch(ticket, tmp_path / "video.mp4")
    assert (tmp_path / "video.mp4").read_bytes() == vendor.video
    assert [(posted["model"], posted["stream"]) for posted in vendor.posted] == [("sora-2-hd-10s-chat", True)]


async def test_a_restart_after_the_end_loses_nothing(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """The result is stored; before that the video is lost, and is not submitted again."""
    vendor.go_on.set()
    done = await engine.submit(CHAT)
    await _until(engine, done, JobState.DONE)
    vendor.go_on.clear()
    cut_off = await engine.submit(replace(CHAT, token="other"))
    await engine.stop()
    fresh = _engine(vendor, tmp_path)
    await fresh.start()
    assert (await fresh.poll(done)).state is JobState.DONE
    await fresh.fetch(done, tmp_path / "video.mp4")
    assert (await fresh.poll(cut_off)).state is JobState.LOST
    with pytest.raises(EngineUnavailable):
        await fresh.fetch(cut_off, tmp_path / "none.mp4")
    assert len(vendor.posted) == 2
    await fresh.stop()


async def test_a_result_belongs_to_one_account(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """Under another key the same id is another video; the folder is shared by all engines that ever had this name."""
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    other = ChatSseEngine(
        "chat", ChatSseOptions(base_url=f"http://127.0.0.1:{vendor.port}", api_key="sk-other"), tmp_path
    )
    assert (await other.poll(ticket)).state is JobState.LOST
    await other.stop()


async def test_expired_results_are_deleted(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """They are kept for a week."""
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    await engine.stop()
    assert _count_results(tmp_path) == 1
    later = ChatSseEngine("chat", ChatSseOptions(base_url="http://127.0.0.1:9"), tmp_path, clock=lambda: 9e9)
    await later.start()
    assert _count_results(tmp_path) == 0
    await later.stop()


async def test_a_broken_stream_loses_the_video(engine: ChatSseEngine, vendor: Vendor) -> None:
    """With an id the job is LOST, without one its outcome is unknown; in both cases it is not submitted again."""

    async def with_id(response: web.StreamResponse) -> None:
        await send_chunk(response, "> ID: `task_9abc`\n")

    async def without_id(response: web.StreamResponse) -> None:
        await send_chunk(response, "> 任务正在队列中\n")

    vendor.stream = with_id
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.LOST)
    vendor.stream = without_id
    with pytest.raises(SubmissionUnknown):
        await engine.submit(replace(CHAT, token="other"))
    assert len(vendor.posted) == 2


async def test_a_stream_without_an_id_gets_our_token(vendor: Vendor, tmp_path: Path) -> None:
    """It has started, so it was accepted: the token is its ticket; it also separates two videos with the same id."""

    async def without_id(response: web.StreamResponse) -> None:
        await send_chunk(response, "> 任务正在队列中\n")
        await vendor.go_on.wait()
        await send_chunk(response, f"✅ http://127.0.0.1:{vendor.port}/video.mp4", end=True)

    async def same_id(response: web.StreamResponse) -> None:
        await send_chunk(response, "> ID: `task_same`\n")
        await vendor.go_on.wait()

    vendor.stream = without_id
    engine = _engine(vendor, tmp_path, submit_timeout=1.5)
    ticket = await engine.submit(CHAT)
    assert ticket == CHAT.token
    vendor.go_on.set()
    await _until(engine, ticket, JobState.DONE)
    vendor.go_on.clear()
    vendor.stream = same_id
    tickets = {await engine.submit(replace(CHAT, token=token)) for token in ("one", "two")}
    assert tickets == {"task_same", "two"}
    await engine.stop()


async def test_a_missing_response_is_an_unknown_outcome(vendor: Vendor, tmp_path: Path) -> None:
    """It counts neither as accepted nor as rejected."""

    async def silent(_response: web.StreamResponse) -> None:
        await vendor.go_on.wait()

    vendor.stream = silent
    engine = _engine(vendor, tmp_path, submit_timeout=1.0)
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
async def test_an_error_response_is_classified_by_the_table(
    engine: ChatSseEngine, vendor: Vendor, status: int, headers: dict[str, str], error: type[EngineError]
) -> None:
    """The table is that of all upstreams; the error contains neither key nor host."""
    body = json.dumps({"error": {"message": f"No, {KEY} of 127.0.0.1."}})
    vendor.error_response = web.Response(status=status, headers=headers, text=body, content_type="application/json")
    with pytest.raises(error) as caught:
        await engine.submit(CHAT)
    assert KEY not in caught.value.message
    assert "127.0.0.1" not in caught.value.message


async def test_a_refused_connection_may_be_retried(tmp_path: Path) -> None:
    """The job was certainly not accepted."""
    engine = ChatSseEngine("chat", ChatSseOptions(base_url="http://127.0.0.1:9"), tmp_path)
    with pytest.raises(EngineUnavailable):
        await engine.submit(CHAT)
    with pytest.raises(EngineUnavailable):
        await engine.find(CHAT, 0)
    await engine.stop()


async def test_a_failure_message_contains_no_secrets(engine: ChatSseEngine, vendor: Vendor) -> None:
    """Its reason is cleaned; a stream without a video failed too."""

    async def fail(response: web.StreamResponse) -> None:
        await send_chunk(response, f"> ID: `task_8abc`\n> ❌ 生成失败：{KEY} 127.0.0.1 余额\n", end=True)

    vendor.stream = fail
    status = (await poll_until_ended(engine, await engine.submit(CHAT)))[-1]
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert KEY not in status.error.message
    assert "余额" in status.error.message


async def test_a_file_that_is_no_video_is_a_bad_artifact(engine: ChatSseEngine, vendor: Vendor, tmp_path: Path) -> None:
    """The video's URL returns HTML."""
    vendor.video = b"<html>gone</html>"
    vendor.go_on.set()
    ticket = await engine.submit(CHAT)
    await _until(engine, ticket, JobState.DONE)
    with pytest.raises(BadArtifact):
        await engine.fetch(ticket, tmp_path / "video.mp4")
    assert not (tmp_path / "video.mp4").exists()


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
def test_invalid_options_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    """The error has the engine's name."""
    with pytest.raises(SettingsError, match="chat") as caught:
        read_options(_context(tmp_path, **options))
    assert "sk-secret" not in caught.value.message
