"""The journal survives crashes of the process that writes it."""

from __future__ import annotations

import resource
import signal
from typing import TYPE_CHECKING

import pytest

from filmgate.batch.journal import (
    Accepted,
    DownloadStarted,
    Intent,
    Journal,
    JournalEntry,
    NotAccepted,
    RowEnded,
    RowState,
    saved_entry,
)
from filmgate.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def _intent(row: str, attempt: int = 1) -> Intent:
    return Intent(row=row, attempt=attempt, idempotency_key="k", at=1.0, server="s", account="a", price_micros=5)


def test_entries_are_read_again(tmp_path: Path) -> None:
    """All of them, and the random id that keys are made of."""
    journal = Journal(tmp_path / "j")
    video_path = tmp_path / "video.mp4"
    video_path.write_bytes(b"video")
    entries: list[JournalEntry] = [
        _intent("r"),
        Accepted("r", "video_1"),
        DownloadStarted("r", journal.relative_path(video_path)),
        saved_entry("r", video_path),
    ]
    for entry in entries:
        journal.append(entry)
    key, state = journal.idempotency_key("r", 1), journal.state("r")
    journal.close()
    reopened = Journal(tmp_path / "j")
    assert (reopened.idempotency_key("r", 1), reopened.state("r")) == (key, state)
    assert reopened.output_path("r") == video_path
    assert reopened.is_saved_intact("r")
    assert reopened.claims_path(video_path)
    reopened.close()


def test_keys_differ_by_row_attempt_and_journal(tmp_path: Path) -> None:
    """So no two submissions share one."""
    journals = [Journal(tmp_path / name) for name in "ab"]
    keys = {journal.idempotency_key(row, attempt) for journal in journals for row in "xy" for attempt in (1, 2)}
    assert len(keys) == 8
    for journal in journals:
        journal.close()


@pytest.mark.parametrize("tail", [b'{"what":"acc', b"\0\0\0\0"])
def test_a_truncated_line_is_removed(tmp_path: Path, tail: bytes) -> None:
    """It was never acted upon, and the next entry starts on a new line."""
    journal = Journal(tmp_path)
    journal.append(_intent("r"))
    journal.close()
    with journal.path.open("ab") as file:
        file.write(tail)
    journal = Journal(tmp_path)
    journal.append(NotAccepted("r"))
    journal.close()
    journal = Journal(tmp_path)
    assert journal.state("r") == RowState()
    journal.close()


def test_a_damaged_journal_is_rejected(tmp_path: Path) -> None:
    """Otherwise a video could be submitted twice."""
    journal = Journal(tmp_path)
    journal.append(_intent("r"))
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes().replace(b"intent", b"int\0nt"))
    with pytest.raises(SettingsError, match="Line 2"):
        Journal(tmp_path)


def test_a_journal_is_locked_while_it_is_open(tmp_path: Path) -> None:
    """A second process fails until the first one closes it."""
    first = Journal(tmp_path)
    with pytest.raises(SettingsError, match="one batch at a time"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


def test_an_ended_row_starts_again_with_its_next_attempt(tmp_path: Path) -> None:
    """The new state has nothing of the previous attempt."""
    journal = Journal(tmp_path)
    for entry in (_intent("r"), Accepted("r", "v"), RowEnded(row="r", verdict="failed"), _intent("r", 2)):
        journal.append(entry)
    state = journal.state("r")
    assert (state.attempt, state.video_id, state.ended) == (2, None, None)
    journal.close()


def test_a_batch_may_be_moved(tmp_path: Path) -> None:
    """Paths inside its folder are stored as relative ones."""
    (tmp_path / "a").mkdir()
    journal = Journal(tmp_path / "a" / "j")
    video_path = tmp_path / "a" / "videos" / "1.mp4"
    video_path.parent.mkdir()
    video_path.write_bytes(b"video")
    journal.append(DownloadStarted("r", journal.relative_path(video_path)))
    journal.append(saved_entry("r", video_path))
    journal.close()
    (tmp_path / "a").rename(tmp_path / "b")
    moved = Journal(tmp_path / "b" / "j")
    assert moved.is_saved_intact("r")
    moved.close()


def test_a_full_disk_leaves_the_journal_intact(tmp_path: Path) -> None:
    """A failed entry changes no state, and its partial line is removed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(tmp_path)
    size = journal.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
    try:
        with pytest.raises(OSError, match="journal"):
            journal.append(_intent("r"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert journal.state("r") == RowState()
    assert journal.path.stat().st_size == size
    journal.append(_intent("r"))
    journal.close()
    reopened = Journal(tmp_path)
    assert reopened.state("r").attempt == 1
    reopened.close()
