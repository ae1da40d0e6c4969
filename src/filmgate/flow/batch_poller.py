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

from filmgate.engines.base import Engine, State, Surveyor, Verdict
from filmgate.errors import EngineError

__all__ = ["NEWS", "Rounds"]

NEWS = 5.0
"""Percent of progress that are news."""

SLOWEST = 30.0
"""Seconds that a survey may take: looks would be quicker."""

SHARE = 2
"""One part in so many of the time may go into an engine's surveys."""

PACE = 2000
"""Videos a second that rounds are about at most: the more there are, the rarer is a round."""

USEFUL = 0.5
"""Part of the videos that a survey must have told of to be worth another one."""

REST = (15.0, 300.0)
"""Seconds until the next try after a survey that failed, was too slow or told of too few: at first, and at most."""

log = structlog.get_logger()


class _Waiting(Struct, frozen=True, gc=False):
    video_id: str
    told: Verdict | None  # by a round; None: its drive looked itself, and will


@dataclass
class _Ward:
    """The videos of one engine."""

    waiting: dict[str, _Waiting] = field(default_factory=dict)  # by ticket
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)  # of the latest round
    due: float = 0.0
    failures: int = 0  # surveys in a row that were of no use
    asked: int = 0  # videos that the last of them was about

    def rest(self, now: float) -> None:
        """Leave the videos to looks for a while: those that sleep wake up within a minute, and not all at once."""
        least, most = REST
        self.verdicts, self.due = {}, now + min(most, least * 2.0 ** min(self.failures, 10))
        self.failures, self.asked = self.failures + 1, len(self.waiting)

    def is_due(self, now: float) -> bool:
        """Whether it is time; at once for twice as many videos, of which a survey may well be able to tell."""
        return now >= self.due or (self.failures > 0 and len(self.waiting) >= 2 * self.asked)


class Rounds:
    """Goes round.

    Args:
        nudge: ends a video's pause.
        clock: seconds.
    """

    def __init__(self, nudge: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._nudge = nudge
        self._clock = clock
        self._wards: dict[Engine, _Ward] = {}

    def told(self, engine: Engine, ticket: str) -> Verdict | None:
        """What the latest round said of a job; None: look at it."""
        ward = self._wards.get(engine)
        verdict = None if ward is None else ward.verdicts.get(ticket)
        return None if verdict is None or verdict.state is State.UNKNOWN else verdict

    def enter(self, engine: Engine, ticket: str, video_id: str, told: Verdict | None) -> None:
        """A drive begins to wait.

        Args:
            engine: whose job it waits for.
            ticket: the job's.
            video_id: whom to nudge if a round says something else than ``told``.
            told: what a round said last; None if the drive looked itself: it will do so again, and needs no nudge.
        """
        if engine.capabilities.surveys_from is not None:
            self._wards.setdefault(engine, _Ward()).waiting[ticket] = _Waiting(video_id, told)

    def leave(self, engine: Engine, ticket: str) -> None:
        """It waits no longer."""
        if engine in self._wards:
            self._wards[engine].waiting.pop(ticket, None)

    async def go(self) -> None:
        """Make the rounds that are due."""
        self._wards = {engine: ward for engine, ward in self._wards.items() if ward.waiting}
        due = [(engine, ward) for engine, ward in self._wards.items() if self._is_due(engine, ward)]
        await asyncio.gather(*(self._round(cast("Surveyor", engine), ward) for engine, ward in due))

    def _is_due(self, engine: Engine, ward: _Ward) -> bool:
        least = engine.capabilities.surveys_from
        if least is None or len(ward.waiting) < least:
            ward.verdicts = {}
            return False
        return ward.is_due(self._clock())

    async def _round(self, engine: Surveyor, ward: _Ward) -> None:
        began, asked = self._clock(), len(ward.waiting)
        verdicts = await _survey(engine, list(ward.waiting))
        if verdicts is None or len(verdicts) < USEFUL * asked:
            ward.rest(began)
            log.info(
                "rounds.useless", engine=engine.name, videos=asked, told=None if verdicts is None else len(verdicts)
            )
            return
        pause = max(verdict.look_after for verdict in verdicts.values())
        ward.failures, ward.due = 0, began + max(pause, asked / PACE, SHARE * (self._clock() - began))
        self._tell(ward, verdicts)

    def _tell(self, ward: _Ward, verdicts: Mapping[str, Verdict]) -> None:
        """Nudge those of whom there are news."""
        ward.verdicts = verdicts
        for ticket, waiting in ward.waiting.items():
            if waiting.told is not None and _is_news(waiting.told, verdicts.get(ticket)):
                self._nudge(waiting.video_id)


async def _survey(engine: Surveyor, tickets: Collection[str]) -> Mapping[str, Verdict] | None:
    """What an engine says; None if it can't say it, or not soon enough."""
    try:
        async with asyncio.timeout(SLOWEST):
            return await engine.survey(tickets)
    except (EngineError, TimeoutError):
        return None


def _is_news(before: Verdict, now: Verdict | None) -> bool:
    """Whether a drive that knows the one would do something at the other."""
    return now is None or now.state is not before.state or (now.progress or 0) >= (before.progress or 0) + NEWS
