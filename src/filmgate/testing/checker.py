"""The invariants, as one pure function: what clients saw, what the rows say and what lies in the folder must agree.

Every test that kills, cuts or floods a Filmgate ends in :func:`violations`. It shares no code with the server: rows
are read from the database file as they are (:func:`read_rows`), files from the folder (:func:`read_files`).

The invariants' names are those of docs/explanation: I1 nothing accepted is lost, I2 nothing paid is submitted twice,
I3 the books are right, I4 clients only ever see progress and keep their bytes, I9 nothing is left over.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

__all__ = ["Entry", "File", "Named", "Row", "Rows", "Seen", "Step", "read_files", "read_rows", "violations"]

RANK = {"queued": 0, "in_progress": 1, "completed": 2, "failed": 2}
TERMINAL = {"completed", "failed"}


class Seen(Struct, frozen=True, kw_only=True):
    """One answer that a client got."""

    what: str  # create, retrieve, list, content, delete
    video_id: str
    http_status: int
    status: str | None = None
    progress: int | None = None
    sha256: str | None = None  # of the content's bytes


class Row(Struct, frozen=True):
    """A video, as far as it matters here."""

    id: str
    account_id: str
    status: str
    progress: int
    price_micros: int
    attempts: int
    deleted: bool


class Step(Struct, frozen=True):
    """A line of a video's history."""

    video_id: str
    status: str
    progress: int


class Named(Struct, frozen=True):
    """A file that a row names."""

    video_id: str
    kind: str
    key: str
    bytes: int
    sha256: str


class Entry(Struct, frozen=True):
    """A line of the ledger; ``amount_micros`` is what it does to the balance."""

    account_id: str
    video_id: str | None
    kind: str
    amount_micros: int


class Rows(Struct, frozen=True):
    """A database."""

    videos: Sequence[Row]
    steps: Sequence[Step]
    named: Sequence[Named]
    entries: Sequence[Entry]
    balances: Mapping[str, int | None]
    events: Sequence[tuple[str, str]]  # of the outbox: type, video


class File(Struct, frozen=True):
    """A stored file."""

    bytes: int
    sha256: str


def violations(
    seen: Iterable[Seen], rows: Rows, files: Mapping[str, File], *, submissions: Mapping[str, int] | None = None
) -> list[str]:
    """Everything that must not be, one sentence each; empty when all is well.

    Args:
        seen: what the clients got, each video's answers in their order.
        rows: the database, after the last video ended.
        files: the storage by key, after a sweep.
        submissions: what a paid upstream counted by video.
    """
    by_video: defaultdict[str, list[Seen]] = defaultdict(list)
    for answer in seen:
        by_video[answer.video_id].append(answer)
    found: list[str] = []
    found += _lost(by_video, rows)
    found += _submitted_twice(submissions or {})
    found += _books(rows)
    found += _histories(rows)
    found += _clients(by_video, rows)
    found += _files(rows, files)
    return found


def _lost(by_video: Mapping[str, Sequence[Seen]], rows: Rows) -> Iterator[str]:
    videos = {row.id: row for row in rows.videos}
    for row in rows.videos:
        if row.status not in TERMINAL:
            yield f"I1: {row.id} never ended: {row.status}"
    for video_id, answers in by_video.items():
        deleted = any(answer.what == "delete" and answer.http_status < 400 for answer in answers)
        if video_id not in videos:
            yield f"I1: {video_id} was answered and has no row"
        elif videos[video_id].deleted and not deleted and not any(answer.what == "delete" for answer in answers):
            yield f"I1: {video_id} is deleted, and nobody asked for it"
        elif deleted and not videos[video_id].deleted:
            yield f"I1: {video_id} was deleted and came back"


def _submitted_twice(submissions: Mapping[str, int]) -> Iterator[str]:
    for video_id, count in submissions.items():
        if count > 1:
            yield f"I2: {video_id} was submitted {count} times"


def _books(rows: Rows) -> Iterator[str]:
    sums: Counter[str] = Counter()
    by_video: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for entry in rows.entries:
        sums[entry.account_id] += entry.amount_micros
        by_video[entry.video_id].append(entry)
    for account_id, balance in rows.balances.items():
        if balance is not None and balance < 0:
            yield f"I3: {account_id} owes {-balance}"
        if balance is not None and balance != sums[account_id]:
            yield f"I3: {account_id} has {balance}, its ledger says {sums[account_id]}"
    for row in rows.videos:
        end, net = ("capture", -row.price_micros) if row.status == "completed" else ("release", 0)
        entries = by_video[row.id]
        if row.status in TERMINAL and sorted(entry.kind for entry in entries) != sorted(["hold", end]):
            yield f"I3: {row.id} is {row.status} and booked as {[entry.kind for entry in entries]}"
        elif row.status in TERMINAL and sum(entry.amount_micros for entry in entries) != net:
            yield f"I3: {row.id} costs {net}, booked are {sum(entry.amount_micros for entry in entries)}"
    announced = Counter(rows.events)
    for row in rows.videos:
        if row.status in TERMINAL and announced[f"video.{row.status}", row.id] != 1:
            yield f"I5: {row.id} is {row.status}, announced {announced[f'video.{row.status}', row.id]} times"


def _histories(rows: Rows) -> Iterator[str]:
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    for step in rows.steps:
        steps[step.video_id].append(step)
    for row in rows.videos:
        for before, after in pairwise(steps[row.id]):
            yield from _backwards(
                row.id, "its history", (before.status, before.progress), (after.status, after.progress)
            )


def _clients(by_video: Mapping[str, Sequence[Seen]], rows: Rows) -> Iterator[str]:
    named = {(asset.video_id, asset.kind): asset for asset in rows.named}
    for video_id, answers in by_video.items():
        shown = [(a.status, a.progress) for a in answers if a.status is not None and a.progress is not None]
        for before, after in pairwise(shown):
            yield from _backwards(video_id, "a client", before, after)
        digests = {answer.sha256 for answer in answers if answer.what == "content" and answer.sha256}
        if len(digests) > 1:
            yield f"I4: {video_id} had {len(digests)} different contents"
        if (video_id, "video") in named and digests - {named[video_id, "video"].sha256}:
            yield f"I4: {video_id} was served with other bytes than its row names"
        for answer in answers:
            if answer.http_status >= 500 and answer.http_status != 503:
                yield f"I7: {video_id}: {answer.what} was answered {answer.http_status}"


def _backwards(video_id: str, where: str, before: tuple[str, int], after: tuple[str, int]) -> Iterator[str]:
    if RANK[after[0]] < RANK[before[0]] or (before[0] in TERMINAL and after[0] != before[0]):
        yield f"I4: {video_id} went from {before[0]} to {after[0]} in {where}"
    if after[1] < before[1]:
        yield f"I4: {video_id} fell from {before[1]} to {after[1]} % in {where}"


def _files(rows: Rows, files: Mapping[str, File]) -> Iterator[str]:
    names = {asset.key: asset for asset in rows.named}
    for key in files.keys() - names.keys():
        yield f"I9: {key} is named by no row"
    for key, asset in names.items():
        if key not in files:
            yield f"I4: {key} of {asset.video_id} is gone"
        elif (files[key].bytes, files[key].sha256) != (asset.bytes, asset.sha256):
            yield f"I4: {key} of {asset.video_id} holds other bytes than its row names"
    films = Counter(asset.video_id for asset in rows.named if asset.kind == "video")
    for row in rows.videos:
        wanted = 1 if row.status == "completed" and not row.deleted else 0
        if films[row.id] != wanted:
            yield f"I4: {row.id} is {row.status} with {films[row.id]} films"


def read_rows(database: Path) -> Rows:
    """The tables, by plain SQL."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        run = connection.execute
        return Rows(
            videos=[
                Row(*row)
                for row in run(
                    "SELECT id, account_id, status, progress, price_micros, attempts, deleted_at IS NOT NULL"
                    " FROM video ORDER BY seq"
                )
            ],
            steps=[Step(*row) for row in run("SELECT video_id, status, progress FROM video_event ORDER BY seq")],
            named=[Named(*row) for row in run("SELECT video_id, kind, key, bytes, sha256 FROM asset")],
            entries=[
                Entry(*row)
                for row in run("SELECT account_id, video_id, kind, amount_micros FROM ledger_entry ORDER BY id")
            ],
            balances=dict(run("SELECT id, balance_micros FROM account").fetchall()),
            events=run("SELECT type, video_id FROM outbox").fetchall(),
        )


def read_files(folder: Path) -> dict[str, File]:
    """What lies below a folder, by its path within."""
    return {
        path.relative_to(folder).as_posix(): File(path.stat().st_size, _digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
