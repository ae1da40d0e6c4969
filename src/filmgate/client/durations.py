"""How long videos took, by vendor and kind: kept for the next time, where there is a place to keep it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from filmgate.atomic_files import atomic_write

__all__ = ["Experience", "Kind"]

KEPT = 20
"""Durations of a kind."""

KINDS = 200
"""Kinds that are kept, those seen last."""

Kind = tuple[str, str, str, str]
"""Address of the API, model, size, seconds."""


class Experience:
    """Durations in seconds, by kind.

    Args:
        file: where they are kept; None: in memory alone. A file that can't be read or written is no reason to fail.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._seen: dict[str, list[float]] | None = None

    def typical(self, kind: Kind) -> Sequence[float]:
        """What videos of that kind took, the latest last."""
        return self._load().get(_name(kind), [])

    def note(self, kind: Kind, seconds: float) -> None:
        """Remember one more."""
        seen = self._load()
        durations = [*seen.pop(_name(kind), []), round(seconds, 1)]
        seen[_name(kind)] = durations[-KEPT:]
        for oldest in list(seen)[:-KINDS]:
            del seen[oldest]
        self._save(seen)

    def _load(self) -> dict[str, list[float]]:
        if self._seen is None:
            self._seen = _read(self._file) if self._file is not None else {}
        return self._seen

    def _save(self, seen: dict[str, list[float]]) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._file, msgspec.json.encode(seen), durable=False)


def _name(kind: Kind) -> str:
    return " ".join(kind)


def _read(file: Path) -> dict[str, list[float]]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, list[float]])
    except (OSError, msgspec.DecodeError):
        return {}
