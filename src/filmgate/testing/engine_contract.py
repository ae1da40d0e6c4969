"""What every engine must do, as tests that any engine's own suite can run.

Subclass :class:`EngineContract` in a test file and give it an ``engine`` fixture (started, or made so that it needs
no start) and, where the defaults don't fit, a ``job`` fixture::

    class TestMyEngine(EngineContract):
        @pytest.fixture
        async def engine(self) -> AsyncIterator[Engine]:
            engine = MyEngine(...)
            await engine.start()
            yield engine
            await engine.stop()

It needs pytest and pytest-asyncio (in its ``auto`` mode), which are not among Filmgate's own dependencies.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path

import msgspec
import pytest

from filmgate.domain import Size
from filmgate.engines.base import Engine, Job, JobState, JobStatus
from filmgate.errors import EngineError
from filmgate.media import probe

__all__ = ["EngineContract", "poll_until_ended", "sample_job"]

TERMINAL_STATES = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.LOST)


def sample_job(*, prompt: str = "A paper boat on a quiet lake", size: Size | None = None, seconds: int = 4) -> Job:
    """A small job with a fresh token."""
    return Job(
        token=secrets.token_hex(16),
        video_id=f"video_{secrets.token_hex(16)}",
        model="sora-2",
        prompt=prompt,
        size=size or Size(720, 1280),
        seconds=seconds,
        seed=7,
    )


async def poll_until_ended(engine: Engine, ticket: str, *, timeout: float = 60.0) -> list[JobStatus]:  # noqa: ASYNC109 - an error on purpose
    """Poll as often as the engine asks until the job ends; return every status on the way."""
    statuses = [await engine.poll(ticket)]
    async with asyncio.timeout(timeout):
        while statuses[-1].state not in TERMINAL_STATES:
            await asyncio.sleep(statuses[-1].poll_after)
            statuses.append(await engine.poll(ticket))
    return statuses


class EngineContract:
    """The tests; see the module."""

    __test__ = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__test__ = True

    @pytest.fixture
    def job(self) -> Job:
        """A job that the engine can render quickly."""
        return sample_job()

    async def test_name_and_capabilities_need_no_request(self, engine: Engine) -> None:
        """Name and capabilities are available without any request."""
        assert engine.name
        assert engine.capabilities.submit_timeout > 0
        assert engine.capabilities.concurrency is None or engine.capabilities.concurrency > 0
        assert engine.capabilities.creates_per_minute is None or engine.capabilities.creates_per_minute > 0

    async def test_the_identity_is_stable_and_reveals_nothing(self, engine: Engine, job: Job) -> None:
        """The identity of submissions is a short, constant word; only an engine without cost may have none."""
        identity = engine.identity
        assert identity.isalnum() or (identity == "" and not engine.capabilities.paid)
        await engine.cancel(await engine.submit(job))
        assert engine.identity == identity

    async def test_a_submission_returns_a_ticket(self, engine: Engine, job: Job) -> None:
        """A ticket is text, and its job can be polled at once."""
        ticket = await engine.submit(job)
        assert isinstance(ticket, str)
        assert ticket
        assert (await engine.poll(ticket)).state is not JobState.LOST
        await engine.cancel(ticket)

    async def test_a_job_produces_the_requested_video(self, engine: Engine, job: Job, tmp_path: Path) -> None:
        """A finished job's file is an MP4 of exactly the requested size and length."""
        ticket = await engine.submit(job)
        statuses = await poll_until_ended(engine, ticket)
        assert statuses[-1].state is JobState.DONE, statuses[-1]
        await engine.fetch(ticket, tmp_path / "video.mp4")
        probe.verify(tmp_path / "video.mp4", job.size, job.seconds)

    async def test_a_fetch_can_be_repeated(self, engine: Engine, job: Job, tmp_path: Path) -> None:
        """Fetching again returns the same bytes and extras, because the first fetch may have been interrupted."""
        ticket = await engine.submit(job)
        await poll_until_ended(engine, ticket)
        first = await engine.fetch(ticket, tmp_path / "first.mp4")
        kept = {kind: path.read_bytes() for kind, path in first.extras.items()}
        for path in first.extras.values():
            path.unlink()
        second = await engine.fetch(ticket, tmp_path / "second.mp4")
        assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()
        assert {kind: path.read_bytes() for kind, path in second.extras.items()} == kept

    async def test_progress_is_a_percentage_that_never_falls(self, engine: Engine, job: Job) -> None:
        """Reported progress lies between 0 and 100 and never decreases."""
        ticket = await engine.submit(job)
        percents = [status.progress for status in await poll_until_ended(engine, ticket) if status.progress is not None]
        assert percents == sorted(percents)
        assert all(0 <= percent <= 100 for percent in percents)
        await engine.cancel(ticket)

    async def test_a_cancelled_job_does_not_complete(self, engine: Engine, job: Job) -> None:
        """After a cancel the job has ended, in any state but completed."""
        if not engine.capabilities.cancels:
            return
        ticket = await engine.submit(job)
        await engine.cancel(ticket)
        assert (await poll_until_ended(engine, ticket))[-1].state in TERMINAL_STATES

    async def test_cancel_never_raises(self, engine: Engine, job: Job) -> None:
        """Cancelling an ended or unknown job changes nothing and raises nothing."""
        await engine.cancel("no-such-ticket")
        ticket = await engine.submit(job)
        await engine.cancel(ticket)
        await engine.cancel(ticket)

    async def test_an_unknown_ticket_is_lost(self, engine: Engine) -> None:
        """The ticket of a dead process is LOST, not FAILED: the video is not at fault."""
        assert (await engine.poll("no-such-ticket")).state is JobState.LOST

    async def test_fetching_an_unknown_ticket_is_an_engine_error(self, engine: Engine, tmp_path: Path) -> None:
        """The flow gets a typed error, and no file is left."""
        with pytest.raises(EngineError):
            await engine.fetch("no-such-ticket", tmp_path / "video.mp4")
        assert not (tmp_path / "video.mp4").exists()

    async def test_a_findable_job_is_found_again(self, engine: Engine, job: Job) -> None:
        """An engine that can find jobs finds this one, and is certain that it never received another."""
        if not engine.capabilities.findable:
            return
        since = time.time()
        ticket = await engine.submit(job)
        other = msgspec.structs.replace(job, token=secrets.token_hex(16), prompt="Something else entirely")
        assert list(await engine.find(job, since)) == [ticket]
        assert list(await engine.find(other, since)) == []
        await engine.cancel(ticket)

    async def test_the_same_token_is_the_same_job(self, engine: Engine, job: Job) -> None:
        """An idempotent engine answers a second submission with the first one's ticket."""
        if not engine.capabilities.idempotent:
            return
        ticket = await engine.submit(job)
        assert await engine.submit(job) == ticket
        await engine.cancel(ticket)

    async def test_longer_videos_are_expected_to_take_longer(self, engine: Engine, job: Job) -> None:
        """A longer video is expected to take at least as long."""
        longer = msgspec.structs.replace(job, seconds=2 * job.seconds)
        assert 0 < engine.expected_seconds(job) <= engine.expected_seconds(longer)
