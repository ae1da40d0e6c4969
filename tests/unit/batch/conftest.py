"""Fixtures of the batch tests: a scripted server, a simulated clock, and a row worker that uses both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.batch.journal import Journal
from filmgate.batch.rate_limiter import RateLimiter
from filmgate.batch.row_worker import Budget, RetryRules, RowWorker, ServerIdentity
from filmgate.batch.rows import BatchRow, VideoParams, assign_keys
from filmgate.client import AsyncClient, AsyncVideo

if TYPE_CHECKING:
    from pathlib import Path

    from filmgate.batch.results import RowResult

Reply = httpx2.Response | Exception


def _box(name: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + name + payload


MP4 = _box(b"ftyp", b"isom") + _box(b"moov", b"m" * 300) + _box(b"mdat", bytes(range(256)) * 40)


class Vendor:
    """A server whose videos are completed at once; its first responses may be scripted."""

    def __init__(self) -> None:
        self.script: list[Reply | None] = []  # responses to creates before the regular ones; None: a regular one
        self.content_replies: list[Reply] = []
        self.lost: list[str] = []  # prompts that were accepted and whose response was lost
        self.prompts: dict[str, str] = {}  # prompts by video id
        self.keys: list[str] = []  # Idempotency-Keys of all creates that arrived
        self.by_key: dict[str, str] | None = {}  # None: it ignores keys
        self.status = "completed"

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        if request.method == "POST":
            return self._create(request)
        if request.url.path.endswith("/content"):
            return _return_or_raise(self.content_replies.pop(0)) if self.content_replies else self._content(request)
        video_id = request.url.path.rsplit("/", 1)[-1]
        if video_id not in self.prompts:
            return error(404, "video_not_found")
        return self._video(video_id)

    def _create(self, request: httpx2.Request) -> httpx2.Response:
        key = request.headers["idempotency-key"]
        self.keys.append(key)
        reply = self.script.pop(0) if self.script else None
        if isinstance(reply, httpx2.Response):
            return reply
        video_id = (self.by_key or {}).get(key) or f"video_{len(self.prompts)}"
        if self.by_key is not None:
            self.by_key[key] = video_id
        self.prompts[video_id] = json.loads(request.content)["prompt"]
        return _return_or_raise(reply) if reply else self._video(video_id)

    def _video(self, video_id: str) -> httpx2.Response:
        reason = {"code": "moderation_blocked", "message": "No."} if self.status == "failed" else None
        body = {"id": video_id, "model": "sora-2", "status": self.status, "created_at": 1, "error": reason}
        return httpx2.Response(200, json=body)

    def _content(self, request: httpx2.Request) -> httpx2.Response:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        headers = {"content-type": "video/mp4", "etag": '"one"'}
        if start:
            headers["content-range"] = f"bytes {start}-{len(MP4) - 1}/{len(MP4)}"
        return httpx2.Response(206 if start else 200, content=MP4[start:], headers=headers)


def _return_or_raise(reply: Reply) -> httpx2.Response:
    if isinstance(reply, Exception):
        raise reply
    return reply


def error(status: int, code: str, **headers: str) -> httpx2.Response:
    """Build an error response."""
    lower_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={"error": {"message": "No.", "code": code}}, headers=lower_headers)


class RecordingListener:
    """A listener that records results and delays."""

    def __init__(self) -> None:
        self.results: list[RowResult] = []
        self.delays: list[float] = []

    def on_submitting(self, row: BatchRow) -> None:
        """Ignore."""

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        """Record."""
        del row, reason
        self.delays.append(seconds)

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        """Ignore."""

    def on_download(self, row: BatchRow, done: int, total: int | None) -> None:
        """Ignore."""

    def on_finished(self, result: RowResult) -> None:
        """Record."""
        self.results.append(result)


class WorkerEnv:
    """A row worker for a vendor, with a journal in a folder; each call builds a new worker, as after a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vendor = Vendor()
        self.server = ServerIdentity("https://vendor.test/v1", "account", honours_keys=True)
        self.rules = RetryRules(max_outage=100)
        self.budget: int | None = None
        self.listener = RecordingListener()
        self.now = 1_000_000.0
        self.client = AsyncClient(
            base_url="https://vendor.test", transport=httpx2.MockTransport(self.vendor), environ={}, max_retries=0
        )
        self.journal = Journal(folder / "rows.csv.filmgate")

    async def sleep(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += seconds

    def reopen(self) -> None:
        """Reopen the journal, as another run does."""
        self.journal.close()
        self.journal = Journal(self.folder / "rows.csv.filmgate")

    async def process(self, row: BatchRow) -> RowResult:
        """Process one row."""
        worker = RowWorker(
            videos=self.client.videos,
            server=self.server,
            journal=self.journal,
            rate_limiter=RateLimiter(clock=lambda: self.now, sleep=self.sleep),
            budget=Budget(self.budget, 0),
            price=lambda _: 10,
            choose_path=lambda row, _: self.folder / f"{row.number}.mp4",
            listener=self.listener,
            rules=self.rules,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return await worker.process(row)


@pytest.fixture
async def worker_env(tmp_path: Path) -> AsyncIterator[WorkerEnv]:
    """A worker environment with an empty journal."""
    worker_env = WorkerEnv(tmp_path)
    yield worker_env
    worker_env.journal.close()
    await worker_env.client.close()


Rows = Callable[..., list[BatchRow]]


@pytest.fixture
def rows() -> Rows:
    """A function that makes rows from prompts."""

    def make(*prompts: str) -> list[BatchRow]:
        return assign_keys(
            BatchRow(number=at, params=VideoParams(prompt=prompt)) for at, prompt in enumerate(prompts, start=1)
        )

    return make
