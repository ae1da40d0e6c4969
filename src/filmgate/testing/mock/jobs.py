"""The mock's jobs: what was ordered, what befalls it, and how far it is at any time."""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum, auto
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from filmgate.domain import Size
from filmgate.testing.mock.fault_mix import Strike, parse_strike
from filmgate.testing.mock.faults.base import Ends, Stage
from filmgate.testing.mock.films import Film
from filmgate.testing.mock.log import Asked, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Job", "Jobs", "Order", "State", "View"]

QUEUED_SHARE = 0.1
"""The part of its time that a job is queued."""

STUCK = 42
"""Percent at which a job stands that never ends."""


class State(StrEnum):
    """Where a job is."""

    QUEUED = auto()
    WORKING = auto()
    COMPLETED = auto()
    FAILED = auto()


class Order(Struct, frozen=True, kw_only=True):
    """What a create asked for."""

    prompt: str
    model: str
    size: str
    seconds: str
    film: Film
    fields: tuple[str, ...] = ()  # the names of what was sent
    chat: bool = False  # ordered in a chat


class View(Struct, frozen=True):
    """A job as it is now."""

    job: Job
    state: State
    progress: int
    over: int | None  # looks since it ended; None: it has not


class Job(Struct, kw_only=True):
    """A job; it changes as it is looked at."""

    id: str
    vendor: str
    order: Order
    at: float  # when it was accepted, Unix time
    duration: float
    strikes: tuple[Strike, ...] = ()
    key: str = ""
    asked: Counter[str] = msgspec.field(default_factory=Counter)  # requests so far, by stage
    over: int = 0  # looks since it ended
    dropped: bool = False  # forgotten by a DELETE; its slot stays taken until its time is up
    aborted: bool = False  # ended by a DELETE

    @property
    def ends(self) -> Ends:
        """How it ends."""
        unusual = [strike.fault.ends for strike in self.strikes if strike.fault.ends is not Ends.COMPLETED]
        return unusual[0] if unusual else Ends.COMPLETED

    @property
    def film(self) -> Film:
        """What is delivered."""
        film = self.order.film
        for strike in self.strikes:
            film = strike.fault.film(film) if strike.fault.film else film
        return film

    def running(self, now: float) -> bool:
        """Whether it takes a slot."""
        return not self.aborted and (self.ends is Ends.NEVER or now < self.at + self.lasts)

    @property
    def lasts(self) -> float:
        """Seconds that it takes."""
        late = [strike.arg or 0.0 for strike in self.strikes if strike.fault.ends is Ends.LATE]
        return late[0] if late else self.duration

    def view(self, now: float, looks: int | None = None) -> View:
        """How it is now.

        Args:
            now: Unix time.
            looks: how many it has had; None: as many as it needs to have been seen under way.
        """
        wanted = max((strike.fault.looks for strike in self.strikes), default=0)
        if (looks is None or looks >= wanted) and not self.running(now):
            state = State.FAILED if self.ends is Ends.FAILED else State.COMPLETED
            return View(self, state, 0 if state is State.FAILED else 100, self.over)
        share = (now - self.at) / self.lasts if self.lasts else 1.0
        if share < QUEUED_SHARE:
            return View(self, State.QUEUED, 0, None)
        return View(self, State.WORKING, STUCK if self.ends is Ends.NEVER else _jumpy(self.id, share), None)


class Jobs:
    """All jobs of one mock.

    Args:
        seed: decides how long each takes.
        between: the shortest and longest duration, in seconds.
    """

    def __init__(self, seed: int = 0, between: tuple[float, float] = (0.0, 0.0)) -> None:
        self.all: dict[str, Job] = {}
        self.by_key: dict[str, Job] = {}  # by Idempotency-Key
        self.creates: Counter[str] = Counter()  # by prompt, the refused ones too
        self._seed = seed
        self._between = between

    def known(self) -> Sequence[Job]:
        """Those that were not deleted, the newest first."""
        return [job for job in reversed(self.all.values()) if not job.dropped]

    def get(self, job_id: str) -> Job | None:
        """A job that was not deleted."""
        job = self.all.get(job_id)
        return None if job is None or job.dropped else job

    def latest(self) -> str:
        """The id of the newest job; empty if there is none."""
        return next(reversed(self.all), "")

    def add(self, job: Job) -> None:
        """Accept a job."""
        self.all[job.id] = job
        if job.key:
            self.by_key.setdefault(job.key, job)

    def running(self, vendor: str, now: float) -> int:
        """How many of a vendor's slots are taken."""
        return sum(job.running(now) for job in self.all.values() if job.vendor == vendor)

    def duration(self, prompt: str, turn: int) -> float:
        """How long the job takes."""
        roll = random.Random(f"{self._seed}/duration/{turn}/{prompt}")  # noqa: S311 - to be repeated
        return roll.uniform(*self._between)

    def recover(self, lines: Iterable[Line]) -> None:
        """Take up the jobs of a log again, as a vendor with a database does after a restart."""
        for line in lines:
            if line.asked in {Asked.SUBMISSION, Asked.REFUSAL}:
                self.creates[line.prompt] += 1
            job = self.all.get(line.job)
            if line.asked is Asked.SUBMISSION:
                self.add(_of_line(line))
            elif job is not None and line.asked is Asked.DELETE:
                job.dropped = True
            elif job is not None and line.asked in {Asked.LOOK, Asked.CONTENT}:
                job.asked[Stage(line.asked)] += 1


def _of_line(line: Line) -> Job:
    film = Film(Size.parse(line.size) or Size(2, 2), line.frames, line.fps)
    order = Order(prompt=line.prompt, model=line.model, size=line.size, seconds=line.seconds, film=film)
    return Job(
        id=line.job,
        vendor=line.vendor,
        order=order,
        at=line.at,
        duration=line.duration,
        strikes=tuple(map(parse_strike, line.faults)),
        key=line.key,
    )


def _jumpy(job_id: str, share: float) -> int:
    """Progress as vendors show it: in steps, at times long the same, never quite there."""
    roll = random.Random(job_id)  # noqa: S311 - to be repeated
    steps = sorted(roll.sample(range(1, 99), 6))
    return max((step for step in steps if step <= share * 100), default=0)
