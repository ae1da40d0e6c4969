"""I1, nothing accepted is lost; I2, nothing paid is submitted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from filmgate.testing.checker.facts import TERMINAL, Row, Rows, Seen

__all__ = ["lost", "submitted_twice"]


def lost(by_video: Mapping[str, Sequence[Seen]], rows: Rows, answers: Iterable[Seen]) -> Iterator[str]:
    """Videos that never ended, that are gone, or that a list leaves out."""
    for row in rows.videos:
        if row.status not in TERMINAL:
            yield f"I1: {row.id} never ended: {row.status}"
    videos = {row.id: row for row in rows.videos}
    for video_id, its in by_video.items():
        if video_id not in videos:
            yield f"I1: {video_id} was answered and has no row"
        else:
            yield from _deleted(videos[video_id], its)
    for answer in answers:
        if answer.what == "everything":
            yield from _left_out(answer, rows)


def _deleted(row: Row, answers: Sequence[Seen]) -> Iterator[str]:
    deleting = [answer for answer in answers if answer.what == "delete" and answer.account in {"", row.account_id}]
    if row.deleted and not deleting:
        yield f"I1: {row.id} is deleted, and its owner did not ask for it"
    elif not row.deleted and any(answer.http_status < 400 for answer in deleting):
        yield f"I1: {row.id} was deleted and came back"


def _left_out(answer: Seen, rows: Rows) -> Iterator[str]:
    listed = Counter(answer.names)
    for row in rows.videos:
        if row.account_id == answer.account and listed[row.id] != (0 if row.deleted else 1):
            yield f"I1: {row.id} is {'deleted' if row.deleted else 'there'} and listed {listed[row.id]} times"


def submitted_twice(submissions: Mapping[str, int]) -> Iterator[str]:
    """Videos of which an upstream counted more than one submission."""
    for video, count in submissions.items():
        if count > 1:
            yield f"I2: {video} was submitted {count} times"
