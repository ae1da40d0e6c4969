"""I1, nothing accepted is lost; I2, nothing paid is submitted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from filmgate.testing.checker.facts import TERMINAL, ClientResponse, DatabaseSnapshot, VideoRow

__all__ = ["duplicate_submissions", "lost_videos"]


def lost_videos(
    by_video: Mapping[str, Sequence[ClientResponse]], database: DatabaseSnapshot, responses: Iterable[ClientResponse]
) -> Iterator[str]:
    """Videos that never ended, that disappeared, or that a list omits."""
    for row in database.videos:
        if row.status not in TERMINAL:
            yield f"I1: {row.id} never ended: {row.status}"
    videos = {row.id: row for row in database.videos}
    for video_id, its in by_video.items():
        if video_id not in videos:
            yield f"I1: {video_id} was answered and has no row"
        else:
            yield from _deletion_errors(videos[video_id], its)
    for answer in responses:
        if answer.operation == "everything":
            yield from _list_errors(answer, database)


def _deletion_errors(row: VideoRow, responses: Sequence[ClientResponse]) -> Iterator[str]:
    deleting = [
        answer for answer in responses if answer.operation == "delete" and answer.account in {"", row.account_id}
    ]
    if row.deleted and not deleting:
        yield f"I1: {row.id} is deleted, and its owner did not ask for it"
    elif not row.deleted and any(answer.http_status < 400 for answer in deleting):
        yield f"I1: {row.id} was deleted and came back"


def _list_errors(response: ClientResponse, database: DatabaseSnapshot) -> Iterator[str]:
    listed = Counter(response.listed_ids)
    for row in database.videos:
        if row.account_id == response.account and listed[row.id] != (0 if row.deleted else 1):
            yield f"I1: {row.id} is {'deleted' if row.deleted else 'there'} and listed {listed[row.id]} times"


def duplicate_submissions(submissions: Mapping[str, int]) -> Iterator[str]:
    """Videos of which an upstream counted more than one submission."""
    for video, count in submissions.items():
        if count > 1:
            yield f"I2: {video} was submitted {count} times"
