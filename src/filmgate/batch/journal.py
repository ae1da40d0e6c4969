"""The journal of a batch: every submission and its outcome, written before the action that it describes.

One JSON object a line, each synced before the next action. So after any crash the journal shows what may have
happened: an intent without a result is a create that may have been accepted. A truncated last line was never acted
upon, and is removed.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from filmgate.atomic_files import sync
from filmgate.batch.results import file_digest
from filmgate.errors import SettingsError

__all__ = [
    "Accepted",
    "DownloadStarted",
    "Intent",
    "Journal",
    "JournalEntry",
    "JournalHeader",
    "NotAccepted",
    "RowEnded",
    "RowState",
    "Saved",
    "apply_entry",
    "saved_entry",
]

JOURNAL_VERSION = 1

EndReason = Literal["failed", "refused", "lost", "unknown"]
"""Why a row has no video: it failed; the server rejected it; the server no longer has it; its outcome is
unknown.
"""


class JournalHeader(Struct, frozen=True, tag="begun", tag_field="what"):
    """The first line of every journal."""

    journal: str  # random: the same file in another folder is another batch
    version: int = JOURNAL_VERSION


class Intent(Struct, frozen=True, kw_only=True, tag="intent", tag_field="what"):
    """A create is about to be sent."""

    row: str
    attempt: int
    idempotency_key: str
    at: float
    server: str
    account: str  # digest of the API key it is sent with
    price_micros: int | None = None  # from the server's list of models


class NotAccepted(Struct, frozen=True, tag="withdrawn", tag_field="what"):
    """The create was certainly not accepted."""

    row: str


class Accepted(Struct, frozen=True, tag="accepted", tag_field="what"):
    """The server accepted the create."""

    row: str
    video_id: str


class DownloadStarted(Struct, frozen=True, tag="fetching", tag_field="what"):
    """The video is about to be downloaded to this path, at which there was no file."""

    row: str
    path: str


class Saved(Struct, frozen=True, kw_only=True, tag="saved", tag_field="what"):
    """The video is saved and synced."""

    row: str
    bytes: int
    sha256: str
    mtime_ns: int


class RowEnded(Struct, frozen=True, kw_only=True, tag="ended", tag_field="what"):
    """The row has no video; only another submission can make one."""

    row: str
    verdict: EndReason
    code: str | None = None
    message: str = ""


JournalEntry = JournalHeader | Intent | NotAccepted | Accepted | DownloadStarted | Saved | RowEnded


class RowState(Struct, frozen=True, kw_only=True):
    """The state of a row."""

    attempt: int = 0
    intent: Intent | None = None  # a create whose result is not recorded
    server: str = ""
    video_id: str | None = None
    price_micros: int | None = None
    path: str | None = None
    saved: Saved | None = None
    ended: RowEnded | None = None


def apply_entry(state: RowState, entry: JournalEntry) -> RowState:
    """Return the state of a row after one more entry."""
    match entry:
        case Intent(attempt=attempt, server=server, price_micros=price):
            state = RowState(attempt=attempt, intent=entry, server=server, price_micros=price)
        case NotAccepted():
            state = RowState(attempt=state.attempt - 1)
        case Accepted(video_id=video_id):
            state = replace(state, intent=None, video_id=video_id)
        case DownloadStarted(path=path):
            state = replace(state, path=path)
        case Saved():
            state = replace(state, saved=entry)
        case RowEnded():
            state = replace(state, ended=entry)
    return state


def saved_entry(row: str, path: Path) -> Saved:
    """Return the entry for a saved video file."""
    sha256, stat = file_digest(path), path.stat()
    return Saved(row=row, bytes=stat.st_size, sha256=sha256, mtime_ns=stat.st_mtime_ns)


class Journal:
    """The journal of one batch, locked while it is open.

    Args:
        folder: the journal's folder; created if it is missing.

    Raises:
        SettingsError: another process has it open, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / "journal.jsonl"
        self._file = _open_locked(self.path)
        self.id = ""
        self._states: dict[str, RowState] = {}
        self._paths: set[Path] = set()
        try:
            self._load()
        except SettingsError:
            self.close()
            raise

    def state(self, row: str) -> RowState:
        """Return the state of a row."""
        return self._states.get(row, RowState())

    def states(self) -> dict[str, RowState]:
        """Return the states of all rows that were ever started."""
        return dict(self._states)

    def output_path(self, row: str) -> Path | None:
        """Return where a row's video is or will be saved; None if that is not decided yet."""
        path = self.state(row).path
        return None if path is None else self.folder.parent / path

    def is_saved_intact(self, row: str) -> bool:
        """Whether a row's video file exists, unchanged since it was saved."""
        path, saved = self.output_path(row), self.state(row).saved
        if path is None or saved is None or not path.is_file():
            return False
        stat = path.stat()
        if stat.st_size != saved.bytes:
            return False
        return stat.st_mtime_ns == saved.mtime_ns or file_digest(path) == saved.sha256

    def relative_path(self, path: Path) -> str:
        """Return a path relative to the batch's folder if inside, so that the folder can be moved; else absolute."""
        base = self.folder.parent.absolute()
        path = path.absolute()
        return str(path.relative_to(base) if path.is_relative_to(base) else path)

    def claims_path(self, path: Path) -> bool:
        """Whether a row's video is, or will be, saved at that path."""
        return path.absolute() in self._paths

    def append(self, entry: JournalEntry) -> None:
        """Append an entry; it is on the disk when this returns.

        Raises:
            OSError: the disk failed; the journal is unchanged.
        """
        end, line = self._file.tell(), msgspec.json.encode(entry) + b"\n"
        try:
            self._write(line)
            os.fsync(self._file.fileno())
        except OSError:
            self._file.seek(end)
            self._file.truncate(end)
            raise
        self._apply(entry)

    def idempotency_key(self, row: str, attempt: int) -> str:
        """Return the Idempotency-Key of a row's attempt: the same on every call."""
        return "fg-" + hashlib.sha256(f"{self.id}\n{row}\n{attempt}".encode()).hexdigest()[:48]

    def close(self) -> None:
        """Close the file and release the lock."""
        self._file.close()

    def _write(self, line: bytes) -> None:
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(self.path))

    def _load(self) -> None:
        data = self._file.read()
        complete = data.rfind(b"\n") + 1
        self._file.truncate(complete)
        self._file.seek(complete)
        for number, line in enumerate(data[:complete].splitlines(), start=1):
            try:
                self._apply(msgspec.json.decode(line, type=JournalEntry))
            except msgspec.DecodeError as error:
                raise SettingsError(f"Line {number} of the journal {self.path} is invalid: {error}.") from error
        if not self.id:
            self.append(JournalHeader(secrets.token_hex(16)))
            sync(self.folder)

    def _apply(self, entry: JournalEntry) -> None:
        if isinstance(entry, JournalHeader):
            if entry.version != JOURNAL_VERSION:
                raise SettingsError(f"The journal {self.path} was written by another version of Filmgate.")
            self.id = entry.journal
        else:
            self._states[entry.row] = apply_entry(self.state(entry.row), entry)
        if isinstance(entry, DownloadStarted):
            self._paths.add((self.folder.parent / entry.path).absolute())


def _open_locked(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise SettingsError(f"Another process uses {path.parent}; run one batch at a time.") from None
    return file
