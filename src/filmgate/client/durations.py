"""How long videos took, by vendor and kind: kept for the next time, where there is a place to keep it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from filmgate.atomic_files import atomic_write

__all__ = ["DurationHistory", "VideoKind"]

MAX_DURATIONS = 20
"""Durations of a kind."""

MAX_KINDS = 200
"""Kinds that are kept, those seen last."""

VideoKind = tuple[str, str, str, str]
"""Address of the API, model, size, seconds."""


class DurationHistory:
    """Durations in seconds, by kind.

    Args:
        file: where they are kept; None: in memory alone. A file that can't be read or written is no reason to fail.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._durations: dict[str, list[float]] | None = None

    def recent(self, kind: VideoKind) -> Sequence[float]:
        """What videos of that kind took, the latest last."""
        return self._load().get(_key(kind), [])

    def record(self, kind: VideoKind, seconds: float) -> None:
        """Remember one more."""
        seen = self._load()
        durations = [*seen.pop(_key(kind), []), round(seconds, 1)]
        seen[_key(kind)] = durations[-MAX_DURATIONS:]
        for oldest in list(seen)[:-MAX_KINDS]:
            del seen[oldest]
        self._save(seen)

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
