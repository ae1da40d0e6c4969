"""What came of a row, and who is told of it."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from filmgate.batch.rows import BatchRow
from filmgate.client import AsyncVideo

__all__ = ["ProgressListener", "RowOutcome", "RowResult", "file_digest"]


class RowOutcome(StrEnum):
    """How a row stands when nothing more is done about it."""

    SAVED = "saved"  # its film was brought here
    ALREADY_SAVED = "already_saved"  # its film was here already, intact
    FAILED = "failed"  # there is no film, and nothing was charged; --retry-failed asks for it once more
    UNKNOWN = "unknown"  # the reply to its create got lost: it may have been accepted
    DOWNLOAD_FAILED = "download_failed"  # its film is on the server and could not be brought here; the next run tries again
    SKIPPED = "skipped"  # not asked for: the budget or the limit was reached, or the batch stopped before


SAVED_OUTCOMES = frozenset({RowOutcome.SAVED, RowOutcome.ALREADY_SAVED})
"""Outcomes with a film here."""


class RowResult(Struct, frozen=True, kw_only=True):
    """What came of a row."""

    row: BatchRow
    outcome: RowOutcome
    video_id: str | None = None
    path: Path | None = None
    price_micros: int | None = None
    code: str | None = None  # why there is no film
    message: str = ""


class ProgressListener(Protocol):
    """Told what happens to rows; shows it."""

    def on_submitting(self, row: BatchRow) -> None:
        """Its create is about to be sent."""

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        """It has to wait that long until it may try again."""

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        """Something about its film changed."""

    def on_download(self, row: BatchRow, done: int, total: int | None) -> None:
        """Bytes of its film arrived."""

    def on_finished(self, result: RowResult) -> None:
        """Nothing more is done about it."""


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
