"""The mock's jobs: the request, the injected faults, and the state at any time."""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum, auto
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from filmgate.domain import Size
from filmgate.testing.mock.fault_mix import InjectedFault, parse_fault
from filmgate.testing.mock.faults.base import FaultStage, JobEnd
from filmgate.testing.mock.fixtures import ClipSpec
from filmgate.testing.mock.log import LogEvent, LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["JobSnapshot", "JobSpec", "MockJob", "MockJobState", "MockJobs"]

QUEUED_SHARE = 0.1
"""The share of its time that a job is queued."""

STUCK_PROGRESS = 42
"""Percent at which a job stays that never ends."""


class MockJobState(StrEnum):
    """The state of a job."""

    QUEUED = auto()
    WORKING = auto()
    COMPLETED = auto()
    FAILED = auto()


class JobSpec(Struct, frozen=True, kw_only=True):
    """The content of a create."""

    prompt: str
    model: str
    size: str
    seconds: str
    clip: ClipSpec
    field_names: tuple[str, ...] = ()  # the names of the sent fields
    parameters: dict[str, str] = {}  # the sent ones of ``PARAMETER_RANGES``
    via_chat: bool = False  # created by a chat completion


class JobSnapshot(Struct, frozen=True):
    """A job at one moment."""

    job: MockJob
    state: MockJobState
    progress: int
    polls_since_end: int | None  # polls since it ended; None: it has not


class MockJob(Struct, kw_only=True):
    """A job; polling changes it."""

    id: str
    vendor: str
    spec: JobSpec
    accepted_at: float  # when it was accepted, Unix time
    duration: float
    faults: tuple[InjectedFault, ...] = ()
    idempotency_key: str = ""
    request_counts: Counter[str] = msgspec.field(default_factory=Counter)  # requests so far, by stage
    polls_since_end: int = 0  # polls since it ended
    deleted: bool = False  # removed by a DELETE; it occupies its slot until its time is over
    aborted: bool = False  # ended by a DELETE

    @property
    def end(self) -> JobEnd:
        """How it ends."""
        unusual = [strike.fault.job_end for strike in self.faults if strike.fault.job_end is not JobEnd.COMPLETED]
        return unusual[0] if unusual else JobEnd.COMPLETED

    @property
    def clip(self) -> ClipSpec:
        """The delivered clip."""
        clip = self.spec.clip
        for strike in self.faults:
            clip = strike.fault.alter_clip(clip) if strike.fault.alter_clip else clip
        return clip

    def is_running(self, now: float) -> bool:
        """Whether it occupies a slot."""
        return not self.aborted and (self.end is JobEnd.NEVER or now < self.accepted_at + self.effective_duration)

    @property
    def effective_duration(self) -> float:
        """Seconds that it takes."""
        late = [strike.arg or 0.0 for strike in self.faults if strike.fault.job_end is JobEnd.LATE]
        return late[0] if late else self.duration

    def snapshot(self, now: float, polls: int | None = None) -> JobSnapshot:
        """The job now.

        Args:
            now: Unix time.
            polls: how many it has had; None: as many as it needs to have been seen in progress.
        """
        wanted = max((strike.fault.min_polls for strike in self.faults), default=0)
        if (polls is None or polls >= wanted) and not self.is_running(now):
            state = MockJobState.FAILED if self.end is JobEnd.FAILED else MockJobState.COMPLETED
            return JobSnapshot(self, state, 0 if state is MockJobState.FAILED else 100, self.polls_since_end)
        share = (now - self.accepted_at) / self.effective_duration if self.effective_duration else 1.0
        if share < QUEUED_SHARE:
            return JobSnapshot(self, MockJobState.QUEUED, 0, None)
        return JobSnapshot(
            self,
            MockJobState.WORKING,
            STUCK_PROGRESS if self.end is JobEnd.NEVER else _uneven_progress(self.id, share),
            None,
        )


class MockJobs:
    """All jobs of one mock.

    Args:
        seed: decides how long each takes.
        duration_range: the shortest and longest duration, in seconds.
    """

    def __init__(self, seed: int = 0, duration_range: tuple[float, float] = (0.0, 0.0)) -> None:
        self.by_id: dict[str, MockJob] = {}
        self.by_idempotency_key: dict[str, MockJob] = {}  # by Idempotency-Key
        self.create_counts: Counter[str] = Counter()  # by prompt, rejected ones too
        self._seed = seed
        self._duration_range = duration_range

    def visible(self) -> Sequence[MockJob]:
        """Jobs that were not deleted, newest first."""
        return [job for job in reversed(self.by_id.values()) if not job.deleted]

    def get(self, job_id: str) -> MockJob | None:
        """A job that was not deleted."""
        job = self.by_id.get(job_id)
        return None if job is None or job.deleted else job

    def latest_id(self) -> str:
        """The id of the newest job; empty if there is none."""
        return next(reversed(self.by_id), "")

    def add(self, job: MockJob) -> None:
        """Accept a job."""
        self.by_id[job.id] = job
        if job.idempotency_key:
            self.by_idempotency_key.setdefault(job.idempotency_key, job)

    def count_running(self, vendor: str, now: float) -> int:
        """How many of a vendor's slots are occupied."""
        return sum(job.is_running(now) for job in self.by_id.values() if job.vendor == vendor)

    def duration(self, prompt: str, attempt: int) -> float:
        """How long the job takes."""
        roll = random.Random(f"{self._seed}/duration/{attempt}/{prompt}")  # noqa: S311 - to be repeated
        return roll.uniform(*self._duration_range)

    def restore(self, log_lines: Iterable[LogLine]) -> None:
        """Restore the jobs of a log, as a vendor with a database does after a restart."""
        for line in log_lines:
            if line.event in {LogEvent.SUBMISSION, LogEvent.REFUSAL}:
                self.create_counts[line.prompt] += 1
            job = self.by_id.get(line.job)
            if line.event is LogEvent.SUBMISSION:
                self.add(_restore_job(line))
            elif job is not None and line.event is LogEvent.DELETE:
                job.deleted = True
            elif job is not None and line.event in {LogEvent.POLL, LogEvent.CONTENT}:
                job.request_counts[FaultStage(line.event)] += 1


def _restore_job(line: LogLine) -> MockJob:
    clip = ClipSpec(Size.parse(line.size) or Size(2, 2), line.frames, line.fps)
    order = JobSpec(prompt=line.prompt, model=line.model, size=line.size, seconds=line.seconds, clip=clip)
    return MockJob(
        id=line.job,
        vendor=line.vendor,
        spec=order,
        accepted_at=line.at,
        duration=line.duration,
        faults=tuple(map(parse_fault, line.faults)),
        idempotency_key=line.key,
    )


def _uneven_progress(job_id: str, share: float) -> int:
    """Progress as vendors report it: in steps, often unchanged, never exact."""
    roll = random.Random(job_id)  # noqa: S311 - to be repeated
    steps = sorted(roll.sample(range(1, 99), 6))
    return max((step for step in steps if step <= share * 100), default=0)
