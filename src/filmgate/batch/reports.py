"""What a batch leaves behind: an archive of results, and the rows that failed, ready to be run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from filmgate.atomic_files import atomic_write
from filmgate.batch.results import RowOutcome, RowResult

__all__ = ["result_to_dict", "write_archive", "write_failed_rows"]


def result_to_dict(result: RowResult) -> dict[str, object]:
    """A result as programs read it."""
    row = result.row
    return {
        "row": row.number,
        "name": row.name or None,
        "key": row.key,
        "status": str(result.outcome),
        "video_id": result.video_id,
        "path": str(result.path) if result.path else None,
        "cost_micros": result.price_micros,
        "error": {"code": result.code, "message": result.message} if result.code or result.message else None,
        **_row_params(result),
    }


def write_archive(path: Path, results: Iterable[RowResult]) -> None:
    """All results, an object a line; what was there is replaced."""
    _write(path, [result_to_dict(result) for result in results])


def write_failed_rows(path: Path, results: Sequence[RowResult]) -> int:
    """The rows that failed as a batch of their own, with the reasons as remarks; no file where none did.

    Rows whose fate is unknown are not among them: they may have been accepted.
    """
    failed = [result for result in results if result.outcome is RowOutcome.FAILED]
    if failed:
        _write(path, [_retry_row(result) for result in failed])
    else:
        path.unlink(missing_ok=True)
    return len(failed)


def _retry_row(result: RowResult) -> dict[str, object]:
    row = result.row
    given = {"name": row.name or None, "output": row.output, **_row_params(result)}
    remarks = {"_row": row.number, "_error": result.code, "_message": result.message}
    return {name: value for name, value in given.items() if value} | remarks


def _row_params(result: RowResult) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(result.row.params)
    return fields


def _write(path: Path, lines: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
