"""The mock's own log: requests and reactions, one JSON object a line, on disk before the response is sent.

It is the ground truth of fault and crash tests: every submission, whether or not the client was answered, is in it, and
survives a ``kill -9`` and a power cut of the mock itself.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter, deque
from enum import StrEnum, auto
from typing import TYPE_CHECKING, BinaryIO

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["LogEvent", "LogLine", "RequestLog", "read_log", "submissions"]

MAX_LINES_IN_MEMORY = 100_000
"""Lines that are kept in memory for ``GET /mock/log``."""


class LogEvent(StrEnum):
    """The kind of a line."""

    START = auto()  # the mock started
    SUBMISSION = auto()  # a job was accepted: from here on a vendor would charge for it
    REFUSAL = auto()  # a create was not accepted
    REPLAY = auto()  # a create repeated an Idempotency-Key: no new job
    POLL = auto()
    LIST = auto()
    CONTENT = auto()
    CANCEL = auto()
    DELETE = auto()
    OUTAGE = auto()


class LogLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request; the fields after ``job`` are set where they apply."""

    at: float  # Unix time
    event: LogEvent
    job: str = ""  # the job's id as the mock knows it
    http_status: int = 0  # of the correct response, before a fault was applied
    fault: str = ""  # the applied faults, as "name=argument"
    vendor: str = ""
    model: str = ""
    prompt: str = ""
    size: str = ""
    seconds: str = ""
    frames: int = 0
    fps: int = 0
    key: str = ""  # the Idempotency-Key
    faults: tuple[str, ...] = ()  # of a submission: all faults of this job
    duration: float = 0.0  # of a submission or an outage, in seconds
    fields: tuple[str, ...] = ()  # of a create: the names of the sent fields
    parameters: dict[str, str] = {}  # of a create: those that only some engines take
    credential: bool = False  # of content that needs no credential: whether one was sent all the same


class RequestLog:
    """Lines in memory and, given a path, in a file; writes are grouped, so that one sync serves all waiting requests.

    Args:
        path: the file, appended to; None: memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.lines: deque[LogLine] = deque(maxlen=MAX_LINES_IN_MEMORY)
        self._file: BinaryIO | None = None if path is None else _open(path)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, line: LogLine) -> None:
        """Append a line; returns when it is on disk. If cancelled, the line is written all the same."""
        self.lines.append(line)
        if self._file is None:
            return
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((msgspec.json.encode(line) + b"\n", done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(self._file))
        await done

    async def close(self) -> None:
        """Write the remaining lines."""
        if self._writer is not None:
            await self._writer
        if self._file is not None:
            self._file.close()

    async def _write(self, file: BinaryIO) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error = await asyncio.to_thread(_append, file, b"".join(line for line, _ in batch))
            for done in (done for _, done in batch if not done.done()):
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
        self._writer = None


def read_log(path: Path) -> list[LogLine]:
    """The lines of a log; a last line that a power cut tore is omitted."""
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [msgspec.json.decode(line, type=LogLine) for line in whole.splitlines()]


def submissions(lines: Iterable[LogLine], by: Callable[[LogLine], str] = lambda line: line.prompt) -> dict[str, int]:
    """How often each job was submitted and accepted: what a paid upstream would have charged.

    Args:
        lines: of a log.
        by: the key that distinguishes videos; the prompt by default, so use distinct prompts.
    """
    return dict(Counter(by(line) for line in lines if line.event is LogEvent.SUBMISSION))


def _open(path: Path) -> BinaryIO:
    """Open the file to append after its last whole line."""
    file = path.open("ab")
    if torn := len(path.read_bytes().rpartition(b"\n")[2]):
        file.truncate(file.tell() - torn)
    return file


def _append(file: BinaryIO, data: bytes) -> OSError | None:
    """Write and sync; an error is raised in every request that waits for these lines."""
    try:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        return error
    return None
