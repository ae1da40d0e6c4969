"""How long videos took, by API, model, size and length: input of the poll schedule, kept in a file if there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from filmgate.atomic_files import atomic_write

__all__ = ["DurationHistory", "VideoKind"]

MAX_DURATIONS = 20
"""Durations kept for each kind of video, the latest."""

MAX_KINDS = 200
"""Kinds kept, the most recently used."""

VideoKind = tuple[str, str, str, str]
"""Base URL of the API, model, size, seconds."""


class DurationHistory:
    """Durations in seconds, by kind of video.

    Args:
        file: where they are stored; None: in memory only. A file that cannot be read or written is ignored.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._durations: dict[str, list[float]] | None = None

    def recent(self, kind: VideoKind) -> Sequence[float]:
        """Return how long videos of that kind took, the latest last."""
        return self._load().get(_key(kind), [])

    def record(self, kind: VideoKind, seconds: float) -> None:
        """Add a duration."""
        history = self._load()
        durations = [*history.pop(_key(kind), []), round(seconds, 1)]
        history[_key(kind)] = durations[-MAX_DURATIONS:]
        for oldest in list(history)[:-MAX_KINDS]:
            del history[oldest]
        self._save(history)

    def _load(self) -> dict[str, list[float]]:
        if self._durations is None:
            self._durations = _read(self._file) if self._file is not None else {}
        return self._durations

    def _save(self, durations: dict[str, list[float]]) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, msgspec.json.encode(durations), durable=False)


def _key(kind: VideoKind) -> str:
    return " ".join(kind)


def _read(file: Path) -> dict[str, list[float]]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, list[float]])
    except (OSError, msgspec.DecodeError):
        return {}
