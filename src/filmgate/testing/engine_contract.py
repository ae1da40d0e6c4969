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


async def poll_until_ended(engine: Engine, ticket: str, *, timeout: float = 60.0) -> list[JobStatus]:
    """Look as often as the engine asks for until the job is over; every verdict on the way."""
    verdicts = [await engine.poll(ticket)]
    async with asyncio.timeout(timeout):
        while verdicts[-1].state not in TERMINAL_STATES:
            await asyncio.sleep(verdicts[-1].poll_after)
            verdicts.append(await engine.poll(ticket))
    return verdicts


class EngineContract:
    """The tests; see the module."""

    __test__ = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__test__ = True

    @pytest.fixture
    def job(self) -> Job:
        """A job that the engine can do quickly."""
        return sample_job()

    async def test_it_has_a_name_and_says_what_it_can(self, engine: Engine) -> None:
        """Name and capabilities are there without asking anybody."""
        assert engine.name
        assert engine.capabilities.submit_timeout > 0
        assert engine.capabilities.concurrency is None or engine.capabilities.concurrency > 0
        assert engine.capabilities.creates_per_minute is None or engine.capabilities.creates_per_minute > 0

    async def test_its_identity_tells_nothing_and_never_changes(self, engine: Engine, job: Job) -> None:
        """What submissions go to is a short word that stays the same; only an engine that costs nothing has none."""
        identity = engine.identity
        assert identity.isalnum() or (identity == "" and not engine.capabilities.paid)
        await engine.cancel(await engine.submit(job))
        assert engine.identity == identity

    async def test_a_submission_gives_a_ticket(self, engine: Engine, job: Job) -> None:
        """A ticket is text, and its job is known at once."""
        ticket = await engine.submit(job)
        assert isinstance(ticket, str)
        assert ticket
        assert (await engine.poll(ticket)).state is not JobState.LOST
        await engine.cancel(ticket)

    async def test_a_job_ends_in_the_film_that_was_asked_for(self, engine: Engine, job: Job, tmp_path: Path) -> None:
        """A finished job's file is an MP4 of exactly the size and length asked for."""
        ticket = await engine.submit(job)
        verdicts = await poll_until_ended(engine, ticket)
        assert verdicts[-1].state is JobState.DONE, verdicts[-1]
        await engine.fetch(ticket, tmp_path / "film.mp4")
        probe.verify(tmp_path / "film.mp4", job.size, job.seconds)

    async def test_a_fetch_can_be_repeated(self, engine: Engine, job: Job, tmp_path: Path) -> None:
        """Fetching again gives the same bytes and the extras again, for the first fetch may have been interrupted."""
        ticket = await engine.submit(job)
        await poll_until_ended(engine, ticket)
        first = await engine.fetch(ticket, tmp_path / "first.mp4")
        kept = {kind: path.read_bytes() for kind, path in first.extras.items()}
        for path in first.extras.values():
            path.unlink()
        second = await engine.fetch(ticket, tmp_path / "second.mp4")
        assert (tmp_path / "first.mp4").read_bytes() == (tmp_path / "second.mp4").read_bytes()
        assert {kind: path.read_bytes() for kind, path in second.extras.items()} == kept

    async def test_progress_is_a_percentage_that_does_not_fall(self, engine: Engine, job: Job) -> None:
        """What it says of its progress lies between 0 and 100 and never goes back."""
        ticket = await engine.submit(job)
        said = [verdict.progress for verdict in await poll_until_ended(engine, ticket) if verdict.progress is not None]
        assert said == sorted(said)
        assert all(0 <= percent <= 100 for percent in said)
        await engine.cancel(ticket)

    async def test_a_cancelled_job_is_not_finished(self, engine: Engine, job: Job) -> None:
        """After a cancel a job is over, in whatever words the engine has for it."""
        if not engine.capabilities.cancels:
            return
        ticket = await engine.submit(job)
        await engine.cancel(ticket)
        assert (await poll_until_ended(engine, ticket))[-1].state in TERMINAL_STATES

    async def test_cancelling_is_never_an_error(self, engine: Engine, job: Job) -> None:
        """Cancelling what is over, or what never was, changes nothing and raises nothing."""
        await engine.cancel("no-such-ticket")
        ticket = await engine.submit(job)
        await engine.cancel(ticket)
        await engine.cancel(ticket)

    async def test_an_unknown_ticket_is_lost(self, engine: Engine) -> None:
        """A ticket of a process that died is LOST, not FAILED: the video did nothing wrong."""
        assert (await engine.poll("no-such-ticket")).state is JobState.LOST

    async def test_fetching_an_unknown_ticket_is_an_engine_error(self, engine: Engine, tmp_path: Path) -> None:
        """The flow is told by a typed error, and no file is left."""
        with pytest.raises(EngineError):
            await engine.fetch("no-such-ticket", tmp_path / "film.mp4")
        assert not (tmp_path / "film.mp4").exists()

    async def test_a_findable_job_is_found_again(self, engine: Engine, job: Job) -> None:
        """An engine that says it can find jobs finds this one, and is certain about one that it never got."""
        if not engine.capabilities.findable:
            return
        since = time.time()
        ticket = await engine.submit(job)
        other = msgspec.structs.replace(job, token=secrets.token_hex(16), prompt="Something else entirely")
        assert list(await engine.find(job, since)) == [ticket]
        assert list(await engine.find(other, since)) == []
        await engine.cancel(ticket)

    async def test_the_same_token_is_the_same_job(self, engine: Engine, job: Job) -> None:
        """An engine that calls itself idempotent answers a second submission with the first one's ticket."""
        if not engine.capabilities.idempotent:
            return
        ticket = await engine.submit(job)
        assert await engine.submit(job) == ticket
        await engine.cancel(ticket)

    async def test_it_expects_to_take_some_time(self, engine: Engine, job: Job) -> None:
        """A longer film is expected to take at least as long."""
        longer = msgspec.structs.replace(job, seconds=2 * job.seconds)
        assert 0 < engine.expected_seconds(job) <= engine.expected_seconds(longer)
