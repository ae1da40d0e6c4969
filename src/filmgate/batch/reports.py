"""Reports of a batch: an archive of results, and a file of the failed rows that can be run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from filmgate.atomic_files import atomic_write
from filmgate.batch.results import RowOutcome, RowResult

__all__ = ["result_to_dict", "write_archive", "write_failed_rows"]


def result_to_dict(result: RowResult) -> dict[str, object]:
    """Return a result as JSON values."""
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
    """Write all results as JSON lines; an existing file is replaced."""
    _write(path, [result_to_dict(result) for result in results])


def write_failed_rows(path: Path, results: Sequence[RowResult]) -> int:
    """Write the failed rows as a batch file, with their errors as remarks; remove the file if there are none.

    Rows with an unknown outcome are left out: they may have been accepted.
    """
    failed = [result for result in results if result.outcome is RowOutcome.FAILED]
    if failed:
        _write(path, [_retry_row(result) for result in failed])
    else:
        path.unlink(missing_ok=True)
    return len(failed)


def _retry_row(result: RowResult) -> dict[str, object]:
    row = result.row
    values = {"name": row.name or None, "output": row.output, **_row_params(result)}
    remarks = {"_row": row.number, "_error": result.code, "_message": result.message}
    return {name: value for name, value in values.items() if value} | remarks


def _row_params(result: RowResult) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(result.row.params)
    return fields


def _write(path: Path, lines: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
