"""Every fault of the mock: the SDK reaches the outcome that the fault reference lists."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest
from msgspec import Struct

from filmgate import errors
from filmgate.client import AsyncVideos
from filmgate.client.backends.registry import backend_for
from filmgate.client.drivers import AsyncDriver
from filmgate.client.endpoint import resolve_endpoint
from filmgate.client.retrying import ClientState
from filmgate.testing import mock
from filmgate.testing.mock import ExpectedOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

PROVIDERS = (None, "openai", "apiyi-async")

FAULT_VALUES = {
    "poll-huge": 5_000_000,
    "submit-huge": 5_000_000,
    "content-drips": 0.3,
    "content-late": 0.8,
    "poll-drips": 0.3,
    "poll-late": 0.8,
    "outage": 0.3,
    "reply-late": 0.3,
}
"""Seconds or bytes of a fault in this test, where the default is too much."""

READ_TIMEOUT = 2.0
"""Seconds without a byte after which a poll or a download fails here."""

MAX_FILE_BYTES = 4_000_000

WAIT_TIMEOUT = 200.0
"""The client's timeout in seconds."""

EXPECTED_ERRORS: Mapping[ExpectedOutcome, tuple[type[errors.FilmgateError], ...]] = {
    ExpectedOutcome.COMPLETED: (),
    ExpectedOutcome.RETRIED: (),
    ExpectedOutcome.FAILED: (errors.VideoFailed,),
    ExpectedOutcome.REFUSED: (errors.RequestError, errors.InvalidKey, errors.NotAllowed, errors.InsufficientQuota),
    ExpectedOutcome.UNKNOWN: (errors.SubmissionUnknown,),
    ExpectedOutcome.LOST: (errors.VideoNotFound,),
    ExpectedOutcome.BAD_OUTPUT: (
        errors.IntegrityError,
        errors.UnexpectedAnswer,
        errors.ConnectionFailed,
        errors.NotFound,
        errors.RequestError,
    ),
    ExpectedOutcome.TIMED_OUT: (errors.WaitTimeout,),
}
"""Errors that each outcome may raise here; empty: the video is saved."""

SAVED_ANYWAY = {"content-wrong-duration", "content-wrong-size"}
"""Complete files that differ from the request: the user paid for them, so the SDK saves them."""


class Outcome(Struct):
    """The result of one video."""

    prompt: str
    error: errors.FilmgateError | None = None
    saved: bool = False  # the saved file is this video's
    submitted: int = 0
    files: tuple[str, ...] = ()  # files in its folder


class SharedClock:
    """The clock of a client and its mock: it advances only by sleeps."""

    def __init__(self) -> None:
        self._now = 1_000_000.0

    def __call__(self) -> float:
        """Unix seconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Advance the clock; never return for an infinite sleep."""
        if seconds == math.inf:
            await asyncio.Event().wait()
        self._now += seconds
        await asyncio.sleep(0)


class ShortTimeoutTransport(httpx2.AsyncHTTPTransport):
    """The network with shorter read timeouts: only they take real time, and only for a response that never comes."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request; check that polls have a short timeout already."""
        timeout = request.extensions["timeout"]
        if request.method == "GET" and request.url.path.rpartition("/")[0].endswith("/videos"):
            assert timeout["read"] <= 15 + int(request.url.params.get("wait", "0"))
        never_answered = b"reply-never" in request.content
        if request.method == "GET" or never_answered:
            timeout["read"] = min(timeout["read"], READ_TIMEOUT)
        return await super().handle_async_request(request)


@asynccontextmanager
async def _videos(url: str, provider: str | None, clock: SharedClock) -> AsyncIterator[AsyncVideos]:
    endpoint = resolve_endpoint(url, "sk-1", {}, provider)
    driver = AsyncDriver(endpoint, ShortTimeoutTransport(), clock.sleep)
    state = ClientState(clock=clock, jitter=lambda: 0.5, api_address=endpoint.base_url, max_file_bytes=MAX_FILE_BYTES)
    try:
        yield AsyncVideos(driver, state, backend_for(provider))
    finally:
        await driver.close()


async def _make_video(provider: str | None, fault: str, folder: Path) -> Outcome:
    """Submit a video that meets the fault to a mock, wait for it and save it."""
    value = f"={FAULT_VALUES[fault]}" if fault in FAULT_VALUES else ""
    outcome = Outcome(f"a paper boat, {provider} [mock:{fault}{value}]")
    target, clock = folder / str(provider) / "boat.mp4", SharedClock()
    async with (
        mock.running(mock.MockConfig(any_size=True), clock=clock, sleep=clock.sleep) as upstream,
        _videos(upstream.vendor_url(provider or "openai"), provider, clock) as videos,
    ):
        try:
            if fault == "id-reused":
                await videos.create("another boat", seconds=4, size="64x64")
            video = await videos.create(outcome.prompt, seconds=4, size="64x64")
            await video.wait(timeout=WAIT_TIMEOUT)
            path = await video.save(target)
            outcome.saved = mock.read_job_id(path.read_bytes()) in {video.id, f"take-two-of-{video.id}"}
        except errors.FilmgateError as error:
            outcome.error = error
        outcome.submitted = mock.submissions(upstream.lines).get(outcome.prompt, 0)
    outcome.files = tuple(sorted(path.name for path in target.parent.glob("*")))
    return outcome


@pytest.mark.parametrize("fault", mock.FAULTS)
async def test_each_fault_reaches_its_expected_outcome(fault: str, tmp_path: Path) -> None:
    """For each kind of upstream: the video, or an error that says what to do; one submission, no bad file."""
    providers = PROVIDERS if fault not in {"id-reused", "outage"} else (None,)
    for outcome in await asyncio.gather(*(_make_video(provider, fault, tmp_path) for provider in providers)):
        _check_outcome(mock.FAULTS[fault], outcome)
        assert outcome.submitted <= 1


def _check_outcome(fault: mock.FaultSpec, outcome: Outcome) -> None:
    expected = EXPECTED_ERRORS[fault.verdict] if fault.name not in SAVED_ANYWAY else ()
    if not expected:
        assert outcome.error is None
        assert outcome.saved
        assert outcome.files == ("boat.mp4",)
        return
    assert isinstance(outcome.error, expected), repr(outcome.error)
    assert "boat.mp4" not in outcome.files
    assert "<" not in outcome.error.message.replace("<b>", "")
    assert "sk-mock" not in outcome.error.message
    assert outcome.error.message.isprintable()
    assert len(msgspec.json.encode(outcome.error.message)) < 2000
