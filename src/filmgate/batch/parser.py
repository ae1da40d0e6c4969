"""Parses a file to rows and problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from filmgate.batch import columns
from filmgate.batch.formats import Format, UnreadableFile, decode_text, detect_format, parse_records
from filmgate.batch.rows import BatchRow, Problem, assign_keys

__all__ = ["ParsedFile", "read_rows"]


class ParsedFile(Struct, frozen=True):
    """The rows of a file, and everything that is invalid in it."""

    rows: Sequence[BatchRow]
    problems: Sequence[Problem] = ()


def read_rows(
    data: bytes,
    name: str,
    folder: Path,
    *,
    file_format: Format | None = None,
    encoding: str | None = None,
    defaults: Mapping[str, object] | None = None,
) -> ParsedFile:
    """Read a file of rows.

    Args:
        data: the file's bytes.
        name: the file's name; its suffix shows the format.
        folder: base of relative paths.
        file_format: its format; None: detected by name and content.
        encoding: its text encoding; None: detected by the bytes.
        defaults: parameters of rows that do not set them.
    """
    try:
        text = decode_text(data, encoding)
        records = parse_records(text, file_format or detect_format(name, text))
    except UnreadableFile as error:
        return ParsedFile([], [error.problem])
    set_defaults = {name: value for name, value in (defaults or {}).items() if value is not None}
    results = [columns.read_row(record.number, record.fields, folder) for record in records]
    problems = [item for item in results if isinstance(item, Problem)]
    rows = [_with_defaults(item, set_defaults) for item in results if isinstance(item, BatchRow)]
    if not records:
        problems.append(Problem(0, "empty"))
    return ParsedFile(assign_keys(rows), problems)


def _with_defaults(row: BatchRow, defaults: Mapping[str, object]) -> BatchRow:
    missing = {name: value for name, value in defaults.items() if getattr(row.params, name) is None}
    return replace(row, params=replace(row.params, **missing)) if missing else row
