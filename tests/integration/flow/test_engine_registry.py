"""The configuration changes while videos run: each is asked for where it was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.domain import Status, Video
from filmgate.engines.base import Capabilities, Engine, State, Verdict
from filmgate.errors import SettingsError
from filmgate.flow.engine_registry import Roster
from filmgate.store import Identity
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import House

PAID = Capabilities(paid=True, concurrency=2)
WORKING = Verdict(state=State.WORKING, progress=10.0, look_after=1.0)


def _was(identity: str) -> Identity:
    return Identity(id=identity, engine="vendor", kind="scripted", options={"base_url": "https://a"}, api_key="sealed")


class Makers:
    """Makes engines of before again, and remembers which."""

    def __init__(self, *engines: ScriptedEngine) -> None:
        self._engines = {engine.identity: engine for engine in engines}
        self.made: list[Identity] = []

    def __call__(self, was: Identity) -> Engine:
        """The one of that identity."""
        self.made.append(was)
        if was.id not in self._engines:
            raise SettingsError("It takes no such options any more.")
        return self._engines[was.id]


async def _running(harness: House, identity: str = "old") -> Video:
    """A video that an engine with that identity has in its hands, from a process that is no more."""
    await harness.store.identities.see(_was(identity), harness.time())
    video = await harness.accept(engine="vendor")
    await harness.store.videos.intend(video.id, "token", harness.time(), identity=identity)
    await harness.store.videos.ticketed(video.id, "token", "ticket-1", harness.time())
    return await harness.reread(video)


async def test_a_running_video_is_asked_for_with_its_old_key(harness: House, film: bytes) -> None:
    """After a restart with another key, what runs is looked at with the old one; what is new goes to the new one."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetches=[film])
    new = ScriptedEngine(PAID, name="vendor", identity="new", submits=["ticket-2"], fetches=[film])
    running, harness.remake = await _running(harness), Makers(old)
    fresh = await harness.finish(new, await harness.accept(engine="vendor"))
    ended = await harness.finish(new, running)
    assert (ended.status, fresh.status) == (Status.COMPLETED, Status.COMPLETED)
    assert (old.looked, old.fetched, old.submitted) == (["ticket-1"], ["ticket-1"], [])
    assert (new.looked, len(new.submitted)) == (["ticket-2"], 1)
    assert (ended.identity, fresh.identity) == ("old", "new")


async def test_an_engine_that_left_the_configuration_serves_what_it_has(harness: House, film: bytes) -> None:
    """Its videos end as if nothing had happened."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetches=[film])
    running, harness.remake = await _running(harness), Makers(old)
    other = ScriptedEngine(PAID, name="other", identity="other")
    assert (await harness.finish(other, running)).status is Status.COMPLETED
    assert other.looked == []


async def test_at_start_the_engines_are_made_that_are_needed(harness: House) -> None:
    """Those with unfinished videos and no others, and their names are known to the queues."""
    await _running(harness)
    await harness.store.identities.see(_was("idle"), harness.time())
    makers = Makers(ScriptedEngine(PAID, name="vendor", identity="old"))
    roster = Roster({}, harness.store.identities, remake=makers)
    await roster.start(harness.time(), works=True)
    assert [was.id for was in makers.made] == ["old"]
    assert makers.made[0].options == {"base_url": "https://a"}
    assert dict(roster.concurrency) == {"vendor": 2}


async def test_a_process_that_makes_nothing_only_knows_the_names(harness: House) -> None:
    """It starts flows for others, and no engine."""
    await _running(harness)
    makers = Makers()
    roster = Roster({}, harness.store.identities, remake=makers)
    await roster.start(harness.time(), works=False)
    assert (dict(roster.concurrency), makers.made) == ({"vendor": None}, [])


async def test_an_old_engine_is_stopped_and_forgotten_when_its_last_video_ended(harness: House) -> None:
    """A sweep keeps it as long as it is needed, and its row for a day more."""

    class Counting(ScriptedEngine):
        stopped = 0

        async def stop(self) -> None:
            """Count."""
            self.stopped += 1

    old = Counting(PAID, name="vendor", identity="old")
    video = await _running(harness)
    roster = Roster({}, harness.store.identities, remake=Makers(old))
    await roster.start(harness.time(), works=True)
    await roster.sweep(harness.time())
    assert (await roster.of(video), old.stopped) == (old, 0)
    await harness.finish(ScriptedEngine(PAID, name="vendor", identity="old", fetches=[b"no film"]), video)
    await roster.sweep(harness.time())
    assert old.stopped == 1
    harness.time.now += 2 * 86400
    await roster.sweep(harness.time())
    assert await harness.store.identities.get("vendor", "old") is None


async def test_a_video_whose_engine_can_not_be_made_again_waits_a_day(harness: House) -> None:
    """Then it ends free of charge; a cancel ends it at once."""
    harness.remake = Makers()
    video, cancelled = await _running(harness), await harness.accept(engine="vendor")
    began = harness.time()
    ended = await harness.finish(ScriptedEngine(PAID, name="vendor", identity="new"), video)
    assert ended.error is not None
    assert ended.error.code == "engine_removed"
    assert harness.time() - began >= 86400
    await harness.store.videos.intend(cancelled.id, "other", harness.time(), identity="old")
    await harness.store.videos.request_cancel(cancelled.id, cancelled.account_id, harness.time())
    ended = await harness.finish(ScriptedEngine(PAID, name="vendor", identity="new"), cancelled)
    assert ended.error is not None
    assert ended.error.code == "cancelled"


@pytest.mark.parametrize("identity", ["", "old"])
async def test_a_video_is_found_at_the_engine_that_did_not_change(harness: House, identity: str) -> None:
    """Nothing is made again for it, with or without an identity."""
    engine = ScriptedEngine(PAID, name="vendor", identity=identity)
    makers = Makers()
    video = await _running(harness, identity)
    assert await Roster({"vendor": engine}, harness.store.identities, remake=makers).of(video) is engine
    assert makers.made == []
