"""The checker finds what must not be; a checker that finds nothing proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from filmgate.engines.base import Capabilities
from filmgate.testing.checker import Entry, File, Named, Row, Rows, Seen, Step, read_files, read_rows, violations
from filmgate.testing.house import House
from filmgate.testing.scripted import ScriptedEngine

DIGEST = "a" * 64
KEY = "videos/aa/video_1-0.mp4"


def _rows() -> Rows:
    """One account with one completed video of 300."""
    return Rows(
        videos=[Row("video_1", "acct", "completed", 100, 300, 1, deleted=False)],
        steps=[Step("video_1", "queued", 0), Step("video_1", "in_progress", 40), Step("video_1", "completed", 100)],
        named=[Named("video_1", "video", KEY, 7, DIGEST)],
        entries=[
            Entry("acct", None, "grant", 1000),
            Entry("acct", "video_1", "hold", -300),
            Entry("acct", "video_1", "capture", 0),
        ],
        balances={"acct": 700},
        events=[("video.completed", "video_1")],
    )


FILES = {KEY: File(7, DIGEST)}
SEEN = [
    Seen(what="create", video_id="video_1", http_status=200, status="queued", progress=0),
    Seen(what="retrieve", video_id="video_1", http_status=200, status="completed", progress=100),
    Seen(what="content", video_id="video_1", http_status=200, sha256=DIGEST),
]


def _but(**changes: object) -> Rows:
    return msgspec.structs.replace(_rows(), **changes)


def _video(**changes: object) -> Sequence[Row]:
    return [msgspec.structs.replace(_rows().videos[0], **changes)]


def test_what_is_right_is_left_alone() -> None:
    """A video that ended well violates nothing."""
    assert violations(SEEN, _rows(), FILES, submissions={"video_1": 1}) == []


@pytest.mark.parametrize(
    ("rows", "invariant"),
    [
        (_but(videos=_video(status="in_progress", progress=40)), "I1"),
        (_but(videos=[]), "I1"),
        (_but(videos=_video(deleted=True)), "I1"),
        (_but(entries=_rows().entries[:-1]), "I3"),
        (_but(entries=[*_rows().entries, Entry("acct", "video_1", "release", 300)]), "I3"),
        (_but(entries=[*_rows().entries, Entry("acct", "video_1", "hold", -300)]), "I3"),
        (_but(balances={"acct": 1000}), "I3"),
        (_but(balances={"acct": -5}), "I3"),
        (_but(events=[]), "I5"),
        (_but(events=[*_rows().events, *_rows().events]), "I5"),
        (_but(steps=[*_rows().steps, Step("video_1", "queued", 100)]), "I4"),
        (_but(steps=[*_rows().steps[:2], Step("video_1", "in_progress", 20), _rows().steps[2]]), "I4"),
        (_but(named=[]), "I4"),
        (_but(named=[Named("video_1", "video", KEY, 7, "b" * 64)]), "I4"),
    ],
)
def test_a_wrong_row_is_found(rows: Rows, invariant: str) -> None:
    """Each way in which the rows can be wrong violates its invariant."""
    assert invariant in {found.partition(":")[0] for found in violations(SEEN, rows, FILES)}


@pytest.mark.parametrize(
    ("answer", "invariant"),
    [
        (Seen(what="create", video_id="video_2", http_status=200), "I1"),
        (Seen(what="delete", video_id="video_1", http_status=200), "I1"),
        (Seen(what="retrieve", video_id="video_1", http_status=200, status="in_progress", progress=100), "I4"),
        (Seen(what="retrieve", video_id="video_1", http_status=200, status="completed", progress=99), "I4"),
        (Seen(what="content", video_id="video_1", http_status=200, sha256="b" * 64), "I4"),
        (Seen(what="retrieve", video_id="video_1", http_status=500), "I7"),
    ],
)
def test_a_wrong_answer_is_found(answer: Seen, invariant: str) -> None:
    """Each way in which a client can be told wrong violates its invariant."""
    assert invariant in {found.partition(":")[0] for found in violations([*SEEN, answer], _rows(), FILES)}


@pytest.mark.parametrize(
    ("files", "invariant"),
    [
        ({}, "I4"),
        ({KEY: File(7, "b" * 64)}, "I4"),
        ({KEY: File(6, DIGEST)}, "I4"),
        (FILES | {"videos/aa/other.mp4": File(1, DIGEST)}, "I9"),
    ],
)
def test_a_wrong_file_is_found(files: dict[str, File], invariant: str) -> None:
    """A file that is gone, changed or left over violates its invariant."""
    assert {found.partition(":")[0] for found in violations(SEEN, _rows(), files)} == {invariant}


def test_a_second_submission_is_found() -> None:
    """What the upstream counted is held against us."""
    assert violations(SEEN, _rows(), FILES, submissions={"video_1": 2}) == ["I2: video_1 was submitted 2 times"]


async def test_it_reads_a_real_house(house: House, film: bytes) -> None:
    """Rows and files as the store and the storage leave them hold no violation."""
    engine = ScriptedEngine(Capabilities(paid=False), fetches=[film])
    video = await house.finish(engine, await house.accept())
    rows = read_rows(house.folder / "filmgate.sqlite")
    files = read_files(house.folder / "files" / "kept")
    seen = [Seen(what="create", video_id=video.id, http_status=200, status="queued", progress=0)]
    assert violations(seen, rows, files) == []
    assert len(files) == 4
