"""Every way in which an upstream is known to misbehave: the SDK comes to the verdict that the manual gives."""

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

WHO = (None, "openai", "apiyi-async")

BRIEF = {
    "look-huge": 5_000_000,
    "submit-huge": 5_000_000,
    "content-drips": 0.3,
    "content-late": 0.8,
    "look-drips": 0.3,
    "look-late": 0.8,
    "outage": 0.3,
    "reply-late": 0.3,
}
"""How long or large a fault is here, where it would be too much."""

SILENCE = 2.0
"""Seconds of silence after which a look or a download is given up here."""

LARGEST = 4_000_000

PATIENCE = 200.0
"""Seconds after which the caller gives up."""

ENDS: Mapping[ExpectedOutcome, tuple[type[errors.FilmgateError], ...]] = {
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
"""How each verdict ends here; nothing: with the film in its file."""

KEPT = {"content-wrong-duration", "content-wrong-size"}
"""Whole films that are not quite what was asked for: who paid for one gets it, and judges for himself."""


class Outcome(Struct):
    """What came of a film."""

    prompt: str
    error: errors.FilmgateError | None = None
    whole: bool = False  # its own film lies in its file
    submitted: int = 0
    left: tuple[str, ...] = ()  # what lies in its folder


class SharedClock:
    """The time of a client and of the mock that it calls: it passes only while one of them sleeps."""

    def __init__(self) -> None:
        self._now = 1_000_000.0

    def __call__(self) -> float:
        """Unix time."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass; for ever, where that is asked."""
        if seconds == math.inf:
            await asyncio.Event().wait()
        self._now += seconds
        await asyncio.sleep(0)


class Hasty(httpx2.AsyncHTTPTransport):
    """The network, with shorter timeouts: they alone are real here, and only an answer that never comes meets them."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it; a look has short patience by itself already."""
        allowed = request.extensions["timeout"]
        if request.method == "GET" and request.url.path.rpartition("/")[0].endswith("/videos"):
            assert allowed["read"] <= 15 + int(request.url.params.get("wait", "0"))
        never = b"reply-never" in request.content
        if request.method == "GET" or never:
            allowed["read"] = min(allowed["read"], SILENCE)
        return await super().handle_async_request(request)


@asynccontextmanager
async def _videos(url: str, provider: str | None, clock: SharedClock) -> AsyncIterator[AsyncVideos]:
    there = resolve_endpoint(url, "sk-1", {}, provider)
    driver = AsyncDriver(there, Hasty(), clock.sleep)
    session = ClientState(clock=clock, jitter=lambda: 0.5, api_address=there.base_url, max_file_bytes=LARGEST)
    try:
        yield AsyncVideos(driver, session, backend_for(provider))
    finally:
        await driver.close()


async def _made(provider: str | None, fault: str, folder: Path) -> Outcome:
    """Ask a mock for a film that meets the fault, wait, save."""
    brief = f"={BRIEF[fault]}" if fault in BRIEF else ""
    outcome = Outcome(f"a paper boat, {provider} [mock:{fault}{brief}]")
    target, clock = folder / str(provider) / "boat.mp4", SharedClock()
    async with (
        mock.running(mock.MockConfig(any_size=True), clock=clock, sleep=clock.sleep) as upstream,
        _videos(upstream.vendor_url(provider or "openai"), provider, clock) as videos,
    ):
        try:
            if fault == "id-reused":
                await videos.create("another boat", seconds=4, size="64x64")
            video = await videos.create(outcome.prompt, seconds=4, size="64x64")
            await video.wait(timeout=PATIENCE)
            path = await video.save(target)
            outcome.whole = mock.read_job_id(path.read_bytes()) in {video.id, f"take-two-of-{video.id}"}
        except errors.FilmgateError as error:
            outcome.error = error
        outcome.submitted = mock.submissions(upstream.lines).get(outcome.prompt, 0)
    outcome.left = tuple(sorted(path.name for path in target.parent.glob("*")))
    return outcome


@pytest.mark.parametrize("fault", mock.FAULTS)
async def test_each_fault_comes_to_its_verdict(fault: str, tmp_path: Path) -> None:
    """Whoever the upstream is: the film, or the error that says what to do; asked for once, and no bad file left."""
    who = WHO if fault not in {"id-reused", "outage"} else (None,)
    for outcome in await asyncio.gather(*(_made(provider, fault, tmp_path) for provider in who)):
        _judge(mock.FAULTS[fault], outcome)
        assert outcome.submitted <= 1


def _judge(fault: mock.FaultSpec, outcome: Outcome) -> None:
    expected = ENDS[fault.verdict] if fault.name not in KEPT else ()
    if not expected:
        assert outcome.error is None
        assert outcome.whole
        assert outcome.left == ("boat.mp4",)
        return
    assert isinstance(outcome.error, expected), repr(outcome.error)
    assert "boat.mp4" not in outcome.left
    assert "<" not in outcome.error.message.replace("<b>", "")
    assert "sk-mock" not in outcome.error.message
    assert outcome.error.message.isprintable()
    assert len(msgspec.json.encode(outcome.error.message)) < 2000
