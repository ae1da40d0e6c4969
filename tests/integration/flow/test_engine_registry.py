"""The configuration changes while videos run: each is asked for where it was submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.domain import Status, VideoRecord
from filmgate.engines.base import Capabilities, Engine, JobState, JobStatus
from filmgate.errors import SettingsError
from filmgate.flow.engine_registry import EngineRegistry
from filmgate.store import EngineIdentity
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness

PAID = Capabilities(paid=True, concurrency=2)
WORKING = JobStatus(state=JobState.WORKING, progress=10.0, poll_after=1.0)


def _was(identity: str) -> EngineIdentity:
    return EngineIdentity(
        id=identity, engine="vendor", kind="scripted", options={"base_url": "https://a"}, api_key="sealed"
    )


class Makers:
    """Makes engines of before again, and remembers which."""

    def __init__(self, *engines: ScriptedEngine) -> None:
        self._engines = {engine.identity: engine for engine in engines}
        self.made: list[EngineIdentity] = []

    def __call__(self, was: EngineIdentity) -> Engine:
        """The one of that identity."""
        self.made.append(was)
        if was.id not in self._engines:
            raise SettingsError("It takes no such options any more.")
        return self._engines[was.id]


async def _running(harness: FlowHarness, identity: str = "old") -> VideoRecord:
    """A video that an engine with that identity has in its hands, from a process that is no more."""
    await harness.store.engine_identities.record_seen(_was(identity), harness.clock())
    video = await harness.accept(engine="vendor")
    await harness.store.videos.record_intent(video.id, "token", harness.clock(), identity=identity)
    await harness.store.videos.record_ticket(video.id, "token", "ticket-1", harness.clock())
    return await harness.reload(video)


async def test_a_running_video_is_asked_for_with_its_old_key(harness: FlowHarness, film: bytes) -> None:
    """After a restart with another key, what runs is looked at with the old one; what is new goes to the new one."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[film])
    new = ScriptedEngine(PAID, name="vendor", identity="new", submit_results=["ticket-2"], fetch_results=[film])
    running, harness.rebuild_engine = await _running(harness), Makers(old)
    fresh = await harness.run_to_end(new, await harness.accept(engine="vendor"))
    ended = await harness.run_to_end(new, running)
    assert (ended.status, fresh.status) == (Status.COMPLETED, Status.COMPLETED)
    assert (old.polled, old.fetched, old.submitted) == (["ticket-1"], ["ticket-1"], [])
    assert (new.polled, len(new.submitted)) == (["ticket-2"], 1)
    assert (ended.identity, fresh.identity) == ("old", "new")


async def test_an_engine_that_left_the_configuration_serves_what_it_has(harness: FlowHarness, film: bytes) -> None:
    """Its videos end as if nothing had happened."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[film])
    running, harness.rebuild_engine = await _running(harness), Makers(old)
    other = ScriptedEngine(PAID, name="other", identity="other")
    assert (await harness.run_to_end(other, running)).status is Status.COMPLETED
    assert other.polled == []


async def test_at_start_the_engines_are_made_that_are_needed(harness: FlowHarness) -> None:
    """Those with unfinished videos and no others, and their names are known to the queues."""
    await _running(harness)
    await harness.store.engine_identities.record_seen(_was("idle"), harness.clock())
    makers = Makers(ScriptedEngine(PAID, name="vendor", identity="old"))
    roster = EngineRegistry({}, harness.store.engine_identities, rebuild=makers)
    await roster.start(harness.clock(), is_worker=True)
    assert [was.id for was in makers.made] == ["old"]
    assert makers.made[0].options == {"base_url": "https://a"}
    assert dict(roster.concurrency) == {"vendor": 2}


async def test_a_process_that_makes_nothing_only_knows_the_names(harness: FlowHarness) -> None:
    """It starts flows for others, and no engine."""
    await _running(harness)
    makers = Makers()
    roster = EngineRegistry({}, harness.store.engine_identities, rebuild=makers)
    await roster.start(harness.clock(), is_worker=False)
    assert (dict(roster.concurrency), makers.made) == ({"vendor": None}, [])


async def test_an_old_engine_is_stopped_and_forgotten_when_its_last_video_ended(harness: FlowHarness) -> None:
    """A sweep keeps it as long as it is needed, and its row for a day more."""

    class Counting(ScriptedEngine):
        stopped = 0

        async def stop(self) -> None:
            """Count."""
            self.stopped += 1

    old = Counting(PAID, name="vendor", identity="old")
    video = await _running(harness)
    roster = EngineRegistry({}, harness.store.engine_identities, rebuild=Makers(old))
    await roster.start(harness.clock(), is_worker=True)
    await roster.retire_unneeded(harness.clock())
    assert (await roster.engine_for(video), old.stopped) == (old, 0)
    await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[b"no film"]), video)
    await roster.retire_unneeded(harness.clock())
    assert old.stopped == 1
    harness.clock.now += 2 * 86400
    await roster.retire_unneeded(harness.clock())
    assert await harness.store.engine_identities.get("vendor", "old") is None


async def test_a_video_whose_engine_can_not_be_made_again_waits_a_day(harness: FlowHarness) -> None:
    """Then it ends free of charge; a cancel ends it at once."""
    harness.rebuild_engine = Makers()
    video, cancelled = await _running(harness), await harness.accept(engine="vendor")
    began = harness.clock()
    ended = await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="new"), video)
    assert ended.error is not None
    assert ended.error.code == "engine_removed"
    assert harness.clock() - began >= 86400
    await harness.store.videos.record_intent(cancelled.id, "other", harness.clock(), identity="old")
    await harness.store.videos.request_cancel(cancelled.id, cancelled.account_id, harness.clock())
    ended = await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="new"), cancelled)
    assert ended.error is not None
    assert ended.error.code == "cancelled"


@pytest.mark.parametrize("identity", ["", "old"])
async def test_a_video_is_found_at_the_engine_that_did_not_change(harness: FlowHarness, identity: str) -> None:
    """Nothing is made again for it, with or without an identity."""
    engine = ScriptedEngine(PAID, name="vendor", identity=identity)
    makers = Makers()
    video = await _running(harness, identity)
    assert (
        await EngineRegistry({"vendor": engine}, harness.store.engine_identities, rebuild=makers).engine_for(video)
        is engine
    )
    assert makers.made == []
