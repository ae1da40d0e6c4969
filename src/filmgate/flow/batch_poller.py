"""Rounds over all the videos that an engine is making: one survey instead of a look at each.

While an engine has many videos, most looks find that nothing happened. Where it can tell of all of them at once, a
round asks it; a drive then sleeps until the round has news of its video, and looks itself

- when a round does not find its video running any more: an end is for a look to tell;
- now and then anyhow, lest a list that stands still be believed for ever;
- as often as ever, where a round does not know the video, or the rounds rest because they were of little use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

import structlog
from msgspec import Struct

from filmgate.engines.base import BulkPoller, Engine, JobState, JobStatus
from filmgate.errors import EngineError

__all__ = ["PROGRESS_DELTA", "BatchPoller"]

PROGRESS_DELTA = 5.0
"""Percent of progress that are news."""

TIMEOUT = 30.0
"""Seconds that a survey may take: looks would be quicker."""

DUTY_DIVISOR = 2
"""One part in so many of the time may go into an engine's surveys."""

JOBS_PER_SECOND = 2000
"""Videos a second that rounds are about at most: the more there are, the rarer is a round."""

MIN_COVERAGE = 0.5
"""Part of the videos that a survey must have told of to be worth another one."""

BACKOFF = (15.0, 300.0)
"""Seconds until the next try after a survey that failed, was too slow or told of too few: at first, and at most."""

log = structlog.get_logger()


class _Waiter(Struct, frozen=True, gc=False):
    video_id: str
    known_status: JobStatus | None  # by a round; None: its drive looked itself, and will


@dataclass
class _EngineWatch:
    """The videos of one engine."""

    waiters: dict[str, _Waiter] = field(default_factory=dict)  # by ticket
    statuses: Mapping[str, JobStatus] = field(default_factory=dict)  # of the latest round
    due_at: float = 0.0
    failures: int = 0  # surveys in a row that were of no use
    last_job_count: int = 0  # videos that the last of them was about

    def back_off(self, now: float) -> None:
        """Leave the videos to looks for a while: those that sleep wake up within a minute, and not all at once."""
        least, most = BACKOFF
        self.statuses, self.due_at = {}, now + min(most, least * 2.0 ** min(self.failures, 10))
        self.failures, self.last_job_count = self.failures + 1, len(self.waiters)

    def is_due(self, now: float) -> bool:
        """Whether it is time; at once for twice as many videos, of which a survey may well be able to tell."""
        return now >= self.due_at or (self.failures > 0 and len(self.waiters) >= 2 * self.last_job_count)


class BatchPoller:
    """Goes round.

    Args:
        wake: ends a video's pause.
        clock: seconds.
    """

    def __init__(self, wake: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._wake = wake
        self._clock = clock
        self._watches: dict[Engine, _EngineWatch] = {}

    def cached(self, engine: Engine, ticket: str) -> JobStatus | None:
        """What the latest round said of a job; None: look at it."""
        ward = self._watches.get(engine)
        verdict = None if ward is None else ward.statuses.get(ticket)
        return None if verdict is None or verdict.state is JobState.UNKNOWN else verdict

    def register(self, engine: Engine, ticket: str, video_id: str, known_status: JobStatus | None) -> None:
        """A drive begins to wait.

        Args:
            engine: whose job it waits for.
            ticket: the job's.
            video_id: whom to nudge if a round says something else than ``known_status``.
            known_status: what a round said last; None if the drive looked itself: it will do so again, and needs no nudge.
        """
        if engine.capabilities.bulk_poll_min_jobs is not None:
            self._watches.setdefault(engine, _EngineWatch()).waiters[ticket] = _Waiter(video_id, known_status)

    def unregister(self, engine: Engine, ticket: str) -> None:
        """It waits no longer."""
        if engine in self._watches:
            self._watches[engine].waiters.pop(ticket, None)

    async def run_due(self) -> None:
        """Make the rounds that are due."""
        self._watches = {engine: ward for engine, ward in self._watches.items() if ward.waiters}
        due = [(engine, ward) for engine, ward in self._watches.items() if self._is_due(engine, ward)]
        await asyncio.gather(*(self._poll_engine(cast("BulkPoller", engine), ward) for engine, ward in due))

    def _is_due(self, engine: Engine, watch: _EngineWatch) -> bool:
        least = engine.capabilities.bulk_poll_min_jobs
        if least is None or len(watch.waiters) < least:
            watch.statuses = {}
            return False
        return watch.is_due(self._clock())

    async def _poll_engine(self, engine: BulkPoller, watch: _EngineWatch) -> None:
        began, asked = self._clock(), len(watch.waiters)
        verdicts = await _poll_many(engine, list(watch.waiters))
        if verdicts is None or len(verdicts) < MIN_COVERAGE * asked:
            watch.back_off(began)
            log.info(
                "batch_poll.paused", engine=engine.name, videos=asked, told=None if verdicts is None else len(verdicts)
            )
            return
        pause = max(verdict.poll_after for verdict in verdicts.values())
        watch.failures, watch.due_at = (
            0,
            began + max(pause, asked / JOBS_PER_SECOND, DUTY_DIVISOR * (self._clock() - began)),
        )
        self._wake_changed(watch, verdicts)

    def _wake_changed(self, watch: _EngineWatch, statuses: Mapping[str, JobStatus]) -> None:
        """Nudge those of whom there are news."""
        watch.statuses = statuses
        for ticket, waiting in watch.waiters.items():
            if waiting.known_status is not None and _has_changed(waiting.known_status, statuses.get(ticket)):
                self._wake(waiting.video_id)


async def _poll_many(engine: BulkPoller, tickets: Collection[str]) -> Mapping[str, JobStatus] | None:
    """What an engine says; None if it can't say it, or not soon enough."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await engine.poll_many(tickets)
    except (EngineError, TimeoutError):
        return None


def _has_changed(before: JobStatus, now: JobStatus | None) -> bool:
    """Whether a drive that knows the one would do something at the other."""
    return (
        now is None or now.state is not before.state or (now.progress or 0) >= (before.progress or 0) + PROGRESS_DELTA
    )
