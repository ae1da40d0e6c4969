"""Bulk polling with a real store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.domain import Status
from filmgate.engines.base import Capabilities, State, Verdict
from filmgate.errors import EngineUnavailable
from filmgate.testing.scripted import DONE, ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from filmgate.testing.harness import House

LISTED = Capabilities(paid=True, submit_timeout=30, surveys_from=2)


def _working(progress: float = 10.0) -> Verdict:
    return Verdict(state=State.WORKING, progress=progress, look_after=10.0)


OVER = Verdict(state=State.UNKNOWN, look_after=10.0)


class Listing(ScriptedEngine):
    """Tells of many at once."""

    def __init__(
        self,
        capabilities: Capabilities = LISTED,
        *,
        looks: Sequence[Verdict | Exception] = (),
        fetches: Sequence[bytes | Exception] = (),
    ) -> None:
        super().__init__(capabilities, looks=looks, fetches=fetches)
        self.shown: dict[str, Verdict] | EngineUnavailable = {}
        self.surveys: list[list[str]] = []

    async def survey(self, tickets: Collection[str]) -> Mapping[str, Verdict]:
        """What is shown."""
        self.surveys.append(sorted(tickets))
        if isinstance(self.shown, EngineUnavailable):
            raise self.shown
        return {ticket: self.shown[ticket] for ticket in tickets if ticket in self.shown}


async def test_a_drive_believes_the_rounds_for_a_while(harness: House, film: bytes) -> None:
    """It looks by itself at first, hardly ever while rounds tell of its video, and when they don't any more."""
    alone = Capabilities(paid=True, submit_timeout=30, surveys_from=1)
    engine = Listing(alone, looks=[*[_working()] * 3, DONE], fetches=[film])
    engine.shown = {"ticket": _working()}
    ending = harness.time() + 900

    async def rounds() -> None:
        if harness.time() >= ending:
            engine.shown = {"ticket": OVER}
        await harness.rounds.go()
        harness.time.then = rounds

    harness.time.then = rounds
    video = await harness.finish(engine, await harness.accept())
    assert video.status is Status.COMPLETED
    assert len(engine.looked) == 4
    assert len(engine.surveys) >= 900 / 60 - 1
    assert harness.time() < ending + 90
