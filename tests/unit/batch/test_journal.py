"""The journal survives whatever happens to the process that writes it."""

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


def test_what_was_noted_is_known_again(tmp_path: Path) -> None:
    """Every entry, and the random id that keys are made of."""
    journal = Journal(tmp_path / "j")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    entries: list[JournalEntry] = [
        _intent("r"),
        Accepted("r", "video_1"),
        DownloadStarted("r", journal.relative_path(film)),
        saved_entry("r", film),
    ]
    for entry in entries:
        journal.append(entry)
    key, state = journal.idempotency_key("r", 1), journal.state("r")
    journal.close()
    again = Journal(tmp_path / "j")
    assert (again.idempotency_key("r", 1), again.state("r")) == (key, state)
    assert again.output_path("r") == film
    assert again.is_saved_intact("r")
    assert again.claims_path(film)
    again.close()


def test_keys_differ_by_row_attempt_and_journal(tmp_path: Path) -> None:
    """So no two films share one."""
    journals = [Journal(tmp_path / name) for name in "ab"]
    keys = {journal.idempotency_key(row, attempt) for journal in journals for row in "xy" for attempt in (1, 2)}
    assert len(keys) == 8
    for journal in journals:
        journal.close()


@pytest.mark.parametrize("tail", [b'{"what":"acc', b"\0\0\0\0"])
def test_a_line_that_was_cut_off_is_removed(tmp_path: Path, tail: bytes) -> None:
    """It was never relied upon, and what is written next must not stick to it."""
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


def test_a_damaged_journal_is_not_guessed_at(tmp_path: Path) -> None:
    """Better told than a film made twice."""
    journal = Journal(tmp_path)
    journal.append(_intent("r"))
    journal.close()
    journal.path.write_bytes(journal.path.read_bytes().replace(b"intent", b"int\0nt"))
    with pytest.raises(SettingsError, match="Line 2"):
        Journal(tmp_path)


def test_one_batch_at_a_time(tmp_path: Path) -> None:
    """A second process is told; it may come when the first has left."""
    first = Journal(tmp_path)
    with pytest.raises(SettingsError, match="one batch at a time"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


def test_a_row_that_ended_begins_anew_with_its_next_attempt(tmp_path: Path) -> None:
    """Nothing of the old one sticks to it."""
    journal = Journal(tmp_path)
    for entry in (_intent("r"), Accepted("r", "v"), RowEnded(row="r", verdict="failed"), _intent("r", 2)):
        journal.append(entry)
    state = journal.state("r")
    assert (state.attempt, state.video_id, state.ended) == (2, None, None)
    journal.close()


def test_a_batch_may_be_moved(tmp_path: Path) -> None:
    """Paths below its folder are kept relative to it."""
    (tmp_path / "a").mkdir()
    journal = Journal(tmp_path / "a" / "j")
    film = tmp_path / "a" / "films" / "1.mp4"
    film.parent.mkdir()
    film.write_bytes(b"film")
    journal.append(DownloadStarted("r", journal.relative_path(film)))
    journal.append(saved_entry("r", film))
    journal.close()
    (tmp_path / "a").rename(tmp_path / "b")
    moved = Journal(tmp_path / "b" / "j")
    assert moved.is_saved_intact("r")
    moved.close()


def test_a_full_disk_leaves_the_journal_whole(tmp_path: Path) -> None:
    """What could not be written is not believed, and half a line of it does not stay."""
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
    again = Journal(tmp_path)
    assert again.state("r").attempt == 1
    again.close()
