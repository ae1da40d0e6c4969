"""I4: a status only moves forward, progress never falls, ``completed`` means the same bytes until they expire."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from filmgate.testing.checker.facts import TERMINAL, ClientResponse, DatabaseSnapshot, FileDigest

__all__ = ["client_regressions", "content_mismatches", "history_regressions"]

STATUS_RANK = {"queued": 0, "in_progress": 1, "completed": 2, "failed": 2}


def history_regressions(database: DatabaseSnapshot) -> Iterator[str]:
    """Histories in which a status or progress went backwards."""
    steps: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for step in database.history:
        steps[step.video_id].append((step.status, step.progress))
    for video_id, its in steps.items():
        yield from _regressions(video_id, "its history", its)


def client_regressions(by_video: Mapping[str, Sequence[ClientResponse]], database: DatabaseSnapshot) -> Iterator[str]:
    """Statuses and progress that clients saw go backwards, and contents that changed."""
    named = {asset.video_id: asset for asset in database.assets if asset.kind == "video"}
    for video_id, answers in by_video.items():
        shown = [(a.status, a.progress) for a in answers if a.status is not None and a.progress is not None]
        yield from _regressions(video_id, "a client", shown)
        digests = {answer.sha256 for answer in answers if answer.operation == "content" and answer.sha256}
        if len(digests) > 1:
            yield f"I4: {video_id} had {len(digests)} different contents"
        if video_id in named and digests - {named[video_id].sha256}:
            yield f"I4: {video_id} was served with other bytes than its row names"


def content_mismatches(database: DatabaseSnapshot, files: Mapping[str, FileDigest]) -> Iterator[str]:
    """Files that differ from their rows, and completed videos without a video file."""
    for asset in database.assets:
        if asset.key not in files:
            yield f"I4: {asset.key} of {asset.video_id} is gone"
        elif (files[asset.key].bytes, files[asset.key].sha256) != (asset.bytes, asset.sha256):
            yield f"I4: {asset.key} of {asset.video_id} holds other bytes than its row names"
    video_files = Counter(asset.video_id for asset in database.assets if asset.kind == "video")
    for row in database.videos:
        if video_files[row.id] != (1 if row.status == "completed" and not row.deleted else 0):
            yield f"I4: {row.id} is {row.status} with {video_files[row.id]} video files"


def _regressions(video_id: str, source: str, sequence: Sequence[tuple[str, int]]) -> Iterator[str]:
    for before, after in pairwise(sequence):
        if STATUS_RANK[after[0]] < STATUS_RANK[before[0]] or (before[0] in TERMINAL and after[0] != before[0]):
            yield f"I4: {video_id} went from {before[0]} to {after[0]} in {source}"
        if after[1] < before[1]:
            yield f"I4: {video_id} fell from {before[1]} to {after[1]} % in {source}"
