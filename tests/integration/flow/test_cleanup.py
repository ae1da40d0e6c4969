"""What keeps the storage as small as the rows say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.domain import Status, Video
from filmgate.engines.base import Capabilities
from filmgate.flow.cleanup import ORPHAN_AFTER, Sweeps
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import House

FREE = Capabilities(paid=False)


@pytest.fixture
def sweeps(harness: House) -> Sweeps:
    """Sweeps over the house."""
    return Sweeps(harness.store.videos, harness.storage, harness.time)


async def _made(harness: House, film: bytes) -> Video:
    video = await harness.finish(ScriptedEngine(FREE, fetches=[film]), await harness.accept())
    assert video.status is Status.COMPLETED
    return video


async def _store(harness: House, key: str) -> None:
    staged = harness.storage.staging()
    staged.write_bytes(b"?")
    await harness.storage.keep(staged, key)


async def test_a_film_is_removed_when_its_time_is_over(harness: House, film: bytes, sweeps: Sweeps) -> None:
    """Until then it stays whole; afterwards nothing of it is left, and the video stays listed."""
    video = await _made(harness, film)
    assert await sweeps.expire() == 0
    harness.time.now += 3600
    assert await sweeps.expire() == 4
    assert await harness.keys() == []
    assert (await harness.reread(video)).status is Status.COMPLETED


async def test_what_a_row_names_is_no_orphan(harness: House, film: bytes, sweeps: Sweeps) -> None:
    """However old it is."""
    await _made(harness, film)
    before = await harness.keys()
    await sweeps.orphans()
    harness.time.now += 2 * ORPHAN_AFTER
    assert await sweeps.orphans() == 0
    assert await harness.keys() == before


async def test_another_film_of_a_finished_video_is_an_orphan_at_once(
    harness: House, film: bytes, sweeps: Sweeps
) -> None:
    """A straggler's delivery is removed, the film stays."""
    video = await _made(harness, film)
    before = await harness.keys()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await sweeps.orphans() == 1
    assert await harness.keys() == before


async def test_the_film_of_a_running_video_is_no_orphan(harness: House, sweeps: Sweeps) -> None:
    """It is stored a moment before its row names it."""
    video = await harness.accept()
    await _store(harness, f"videos/{video.id[6:8]}/{video.id}-0badcafe.mp4")
    assert await sweeps.orphans() == 0


async def test_a_reference_without_a_row_is_given_time(harness: House, sweeps: Sweeps) -> None:
    """A reference is stored before its video is accepted, so it is an orphan only an hour later."""
    await _store(harness, "references/aa/video_aa.png")
    assert await sweeps.orphans() == 0
    harness.time.now += ORPHAN_AFTER - 1
    assert await sweeps.orphans() == 0
    harness.time.now += 1
    assert await sweeps.orphans() == 1
    assert await harness.keys() == []


async def test_staged_files_are_discarded_when_they_are_stale(harness: House, sweeps: Sweeps) -> None:
    """What a dead process was writing goes after an hour."""
    harness.storage.staging().write_bytes(b"half a film")
    assert await sweeps.stale() == 0
    harness.time.now = 4e9
    assert await sweeps.stale() == 1
