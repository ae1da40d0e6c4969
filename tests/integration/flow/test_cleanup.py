"""What keeps the storage as small as the rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.domain import Status, VideoRecord
from filmgate.engines.base import Capabilities
from filmgate.flow.cleanup import ORPHAN_MIN_AGE, StorageCleaner
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness

FREE = Capabilities(paid=False)


@pytest.fixture
def sweeps(harness: FlowHarness) -> StorageCleaner:
    """Sweeps over the house."""
    return StorageCleaner(harness.store.videos, harness.storage, harness.clock)


async def _made(harness: FlowHarness, film: bytes) -> VideoRecord:
    video = await harness.run_to_end(ScriptedEngine(FREE, fetch_results=[film]), await harness.accept())
    assert video.status is Status.COMPLETED
    return video


async def _store(harness: FlowHarness, key: str) -> None:
    staged = harness.storage.staging_path()
    staged.write_bytes(b"?")
    await harness.storage.commit(staged, key)


async def test_a_film_is_removed_when_its_time_is_over(
    harness: FlowHarness, film: bytes, sweeps: StorageCleaner
) -> None:
    """Until then it stays whole; afterwards nothing of it is left, and the video stays listed."""
    video = await _made(harness, film)
    assert await sweeps.remove_expired() == 0
    harness.clock.now += 3600
    assert await sweeps.remove_expired() == 4
    assert await harness.stored_keys() == []
    assert (await harness.reload(video)).status is Status.COMPLETED


async def test_what_a_row_names_is_no_orphan(harness: FlowHarness, film: bytes, sweeps: StorageCleaner) -> None:
    """However old it is."""
    await _made(harness, film)
    before = await harness.stored_keys()
    await sweeps.remove_orphans()
    harness.clock.now += 2 * ORPHAN_MIN_AGE
    assert await sweeps.remove_orphans() == 0
    assert await harness.stored_keys() == before


async def test_another_film_of_a_finished_video_is_an_orphan_at_once(
    harness: FlowHarness, film: bytes, sweeps: StorageCleaner
) -> None:
    """A straggler's delivery is removed, the film stays."""
    video = await _made(harness, film)
    before = await harness.stored_keys()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await sweeps.remove_orphans() == 1
    assert await harness.stored_keys() == before


async def test_the_film_of_a_running_video_is_no_orphan(harness: FlowHarness, sweeps: StorageCleaner) -> None:
    """It is stored a moment before its row names it."""
    video = await harness.accept()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await sweeps.remove_orphans() == 0


async def test_a_reference_without_a_row_is_given_time(harness: FlowHarness, sweeps: StorageCleaner) -> None:
    """A reference is stored before its video is accepted, so it is an orphan only an hour later."""
    await _store(harness, "references/aa/video_aa.png")
    assert await sweeps.remove_orphans() == 0
    harness.clock.now += ORPHAN_MIN_AGE - 1
    assert await sweeps.remove_orphans() == 0
    harness.clock.now += 1
    assert await sweeps.remove_orphans() == 1
    assert await harness.stored_keys() == []


async def test_staged_files_are_discarded_when_they_are_stale(harness: FlowHarness, sweeps: StorageCleaner) -> None:
    """What a dead process was writing goes after an hour."""
    harness.storage.staging_path().write_bytes(b"half a film")
    assert await sweeps.remove_stale_staging() == 0
    harness.clock.now = 4e9
    assert await sweeps.remove_stale_staging() == 1
