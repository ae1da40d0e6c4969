"""Storage cleanup."""

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
def cleaner(harness: FlowHarness) -> StorageCleaner:
    """A cleaner of the harness's storage."""
    return StorageCleaner(harness.store.videos, harness.store.files, harness.storage, harness.clock)


async def _complete(harness: FlowHarness, mp4: bytes) -> VideoRecord:
    video = await harness.run_to_end(ScriptedEngine(FREE, fetch_results=[mp4]), await harness.accept())
    assert video.status is Status.COMPLETED
    return video


async def _store(harness: FlowHarness, key: str) -> None:
    staged = harness.storage.staging_path()
    staged.write_bytes(b"?")
    await harness.storage.commit(staged, key)


async def test_a_videos_files_are_removed_when_it_expires(
    harness: FlowHarness, mp4: bytes, cleaner: StorageCleaner
) -> None:
    """Before that all files stay; afterwards none is left, and the video is still listed."""
    video = await _complete(harness, mp4)
    assert await cleaner.remove_expired() == 0
    harness.clock.now += 3600
    assert await cleaner.remove_expired() == 4
    assert await harness.stored_keys() == []
    assert (await harness.reload(video)).status is Status.COMPLETED


async def test_a_referenced_file_is_not_an_orphan(harness: FlowHarness, mp4: bytes, cleaner: StorageCleaner) -> None:
    """However old it is."""
    await _complete(harness, mp4)
    before = await harness.stored_keys()
    await cleaner.remove_orphans()
    harness.clock.now += 2 * ORPHAN_MIN_AGE
    assert await cleaner.remove_orphans() == 0
    assert await harness.stored_keys() == before


async def test_another_file_of_a_finished_video_is_an_orphan_at_once(
    harness: FlowHarness, mp4: bytes, cleaner: StorageCleaner
) -> None:
    """A stale worker's file is removed, the video's own files stay."""
    video = await _complete(harness, mp4)
    before = await harness.stored_keys()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await cleaner.remove_orphans() == 1
    assert await harness.stored_keys() == before


async def test_a_file_of_a_running_video_is_not_an_orphan(harness: FlowHarness, cleaner: StorageCleaner) -> None:
    """It is stored a moment before its row references it."""
    video = await harness.accept()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await cleaner.remove_orphans() == 0


async def test_a_reference_without_a_row_is_kept_for_an_hour(harness: FlowHarness, cleaner: StorageCleaner) -> None:
    """A reference is stored before its video is accepted, so it is an orphan only an hour later."""
    await _store(harness, "references/aa/video_aa.png")
    assert await cleaner.remove_orphans() == 0
    harness.clock.now += ORPHAN_MIN_AGE - 1
    assert await cleaner.remove_orphans() == 0
    harness.clock.now += 1
    assert await cleaner.remove_orphans() == 1
    assert await harness.stored_keys() == []


async def test_staged_files_are_discarded_when_they_are_stale(harness: FlowHarness, cleaner: StorageCleaner) -> None:
    """The unfinished file of a dead process is removed after an hour."""
    harness.storage.staging_path().write_bytes(b"half a file")
    assert await cleaner.remove_stale_staging() == 0
    harness.clock.now = 4e9
    assert await cleaner.remove_stale_staging() == 1
