"""The result of a row, and the listener for its progress."""

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
    """The outcome of a row in this run."""

    SAVED = "saved"  # its video was downloaded
    ALREADY_SAVED = "already_saved"  # its video file exists, intact, from an earlier run
    FAILED = "failed"  # there is no video, and nothing was charged; --retry-failed submits it again
    UNKNOWN = "unknown"  # the response to its create was lost: it may have been accepted
    DOWNLOAD_FAILED = "download_failed"  # its video is on the server and could not be downloaded; the next run retries
    SKIPPED = "skipped"  # not submitted: the budget or the limit was reached, or the batch stopped before


SAVED_OUTCOMES = frozenset({RowOutcome.SAVED, RowOutcome.ALREADY_SAVED})
"""Outcomes with a video file."""


class RowResult(Struct, frozen=True, kw_only=True):
    """The result of a row."""

    row: BatchRow
    outcome: RowOutcome
    video_id: str | None = None
    path: Path | None = None
    price_micros: int | None = None
    code: str | None = None  # why there is no video
    message: str = ""


class ProgressListener(Protocol):
    """Receives the progress of rows, to display it."""

    def on_submitting(self, row: BatchRow) -> None:
        """The row's create is about to be sent."""

    def on_delayed(self, row: BatchRow, seconds: float, reason: str) -> None:
        """The row waits for ``seconds`` before its next attempt."""

    def on_update(self, row: BatchRow, video: AsyncVideo) -> None:
        """The row's video changed."""

    def on_download(self, row: BatchRow, done: int, total: int | None) -> None:
        """Bytes of the row's video arrived."""

    def on_finished(self, result: RowResult) -> None:
        """The row has its result."""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
