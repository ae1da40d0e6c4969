"""The configuration changes while videos run: each job is polled where it identity submitted."""

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


def _identity(identity: str) -> EngineIdentity:
    return EngineIdentity(
        id=identity, engine="vendor", kind="scripted", options={"base_url": "https://a"}, api_key="sealed"
    )


class EngineBuilder:
    """Rebuilds retired engines, and records which."""

    def __init__(self, *engines: ScriptedEngine) -> None:
        self._engines = {engine.identity: engine for engine in engines}
        self.built: list[EngineIdentity] = []

    def __call__(self, identity: EngineIdentity) -> Engine:
        """Return the engine of that identity."""
        self.built.append(identity)
        if identity.id not in self._engines:
            raise SettingsError("These options are no longer supported.")
        return self._engines[identity.id]


async def _running(harness: FlowHarness, identity: str = "old") -> VideoRecord:
    """Insert a video that is running on an engine with that identity, submitted by a process that no longer exists."""
    await harness.store.engine_identities.record_seen(_identity(identity), harness.clock())
    video = await harness.accept(engine="vendor")
    await harness.store.videos.record_intent(video.id, "token", harness.clock(), identity=identity)
    await harness.store.videos.record_ticket(video.id, "token", "ticket-1", harness.clock())
    return await harness.reload(video)


async def test_a_running_video_is_polled_with_its_old_key(harness: FlowHarness, mp4: bytes) -> None:
    """After a restart with another key, running jobs are polled with the old one; new videos use the new one."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[mp4])
    new = ScriptedEngine(PAID, name="vendor", identity="new", submit_results=["ticket-2"], fetch_results=[mp4])
    running, harness.rebuild_engine = await _running(harness), EngineBuilder(old)
    new_video = await harness.run_to_end(new, await harness.accept(engine="vendor"))
    ended = await harness.run_to_end(new, running)
    assert (ended.status, new_video.status) == (Status.COMPLETED, Status.COMPLETED)
    assert (old.polled, old.fetched, old.submitted) == (["ticket-1"], ["ticket-1"], [])
    assert (new.polled, len(new.submitted)) == (["ticket-2"], 1)
    assert (ended.identity, new_video.identity) == ("old", "new")


async def test_a_removed_engine_still_serves_its_videos(harness: FlowHarness, mp4: bytes) -> None:
    """Its videos complete as usual."""
    old = ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[mp4])
    running, harness.rebuild_engine = await _running(harness), EngineBuilder(old)
    other = ScriptedEngine(PAID, name="other", identity="other")
    assert (await harness.run_to_end(other, running)).status is Status.COMPLETED
    assert other.polled == []


async def test_the_start_rebuilds_the_engines_in_use(harness: FlowHarness) -> None:
    """Those with unfinished videos and no others, and they have queues."""
    await _running(harness)
    await harness.store.engine_identities.record_seen(_identity("idle"), harness.clock())
    builder = EngineBuilder(ScriptedEngine(PAID, name="vendor", identity="old"))
    registry = EngineRegistry({}, harness.store.engine_identities, rebuild=builder)
    await registry.start(harness.clock(), is_worker=True)
    assert [identity.id for identity in builder.built] == ["old"]
    assert builder.built[0].options == {"base_url": "https://a"}
    assert dict(registry.concurrency) == {"vendor": 2}


async def test_a_front_process_only_loads_the_names(harness: FlowHarness) -> None:
    """It starts workflows for others, and rebuilds no engine."""
    await _running(harness)
    builder = EngineBuilder()
    registry = EngineRegistry({}, harness.store.engine_identities, rebuild=builder)
    await registry.start(harness.clock(), is_worker=False)
    assert (dict(registry.concurrency), builder.built) == ({"vendor": None}, [])


async def test_a_retired_engine_is_stopped_when_its_last_video_ended(harness: FlowHarness) -> None:
    """A cleanup pass keeps it as long as it is needed, and its row for a day more."""

    class Counting(ScriptedEngine):
        stopped = 0

        async def stop(self) -> None:
            """Count."""
            self.stopped += 1

    old = Counting(PAID, name="vendor", identity="old")
    video = await _running(harness)
    registry = EngineRegistry({}, harness.store.engine_identities, rebuild=EngineBuilder(old))
    await registry.start(harness.clock(), is_worker=True)
    await registry.retire_unneeded(harness.clock())
    assert (await registry.engine_for(video), old.stopped) == (old, 0)
    await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="old", fetch_results=[b"not a video"]), video)
    await registry.retire_unneeded(harness.clock())
    assert old.stopped == 1
    harness.clock.now += 2 * 86400
    await registry.retire_unneeded(harness.clock())
    assert await harness.store.engine_identities.get("vendor", "old") is None


async def test_a_video_whose_engine_cannot_be_rebuilt_waits_a_day(harness: FlowHarness) -> None:
    """Then it fails free of charge; a cancellation ends it at once."""
    harness.rebuild_engine = EngineBuilder()
    video, cancelled = await _running(harness), await harness.accept(engine="vendor")
    started_at = harness.clock()
    ended = await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="new"), video)
    assert ended.error is not None
    assert ended.error.code == "engine_removed"
    assert harness.clock() - started_at >= 86400
    await harness.store.videos.record_intent(cancelled.id, "other", harness.clock(), identity="old")
    await harness.store.videos.request_cancel(cancelled.id, cancelled.account_id, harness.clock())
    ended = await harness.run_to_end(ScriptedEngine(PAID, name="vendor", identity="new"), cancelled)
    assert ended.error is not None
    assert ended.error.code == "cancelled"


@pytest.mark.parametrize("identity", ["", "old"])
async def test_a_video_is_found_at_the_unchanged_engine(harness: FlowHarness, identity: str) -> None:
    """No engine is rebuilt for it, with or without an identity."""
    engine = ScriptedEngine(PAID, name="vendor", identity=identity)
    builder = EngineBuilder()
    video = await _running(harness, identity)
    assert (
        await EngineRegistry({"vendor": engine}, harness.store.engine_identities, rebuild=builder).engine_for(video)
        is engine
    )
    assert builder.built == []
