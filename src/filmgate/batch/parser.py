"""A file to rows, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from filmgate.batch import columns
from filmgate.batch.formats import Format, Unreadable, decode, format_of, parse
from filmgate.batch.rows import Problem, Row, keyed

__all__ = ["Sheet", "read"]


class Sheet(Struct, frozen=True):
    """What a file holds."""

    rows: Sequence[Row]
    problems: Sequence[Problem] = ()


def read(
    data: bytes,
    name: str,
    folder: Path,
    *,
    form: Format | None = None,
    encoding: str | None = None,
    defaults: Mapping[str, object] | None = None,
) -> Sheet:
    """Read a file of rows.

    Args:
        data: its bytes.
        name: its name, for its ending.
        folder: what its paths are relative to.
        form: its format; None: by name and content.
        encoding: of its text; None: by its bytes.
        defaults: parameters of rows that don't say themselves.
    """
    try:
        text = decode(data, encoding)
        records = parse(text, form or format_of(name, text))
    except Unreadable as error:
        return Sheet([], [error.problem])
    given = {name: value for name, value in (defaults or {}).items() if value is not None}
    found = [columns.read(record.number, record.fields, folder) for record in records]
    problems = [item for item in found if isinstance(item, Problem)]
    rows = [_filled(item, given) for item in found if isinstance(item, Row)]
    if not records:
        problems.append(Problem(0, "empty"))
    return Sheet(keyed(rows), problems)


def _filled(row: Row, defaults: Mapping[str, object]) -> Row:
    missing = {name: value for name, value in defaults.items() if getattr(row.wanted, name) is None}
    return replace(row, wanted=replace(row.wanted, **missing)) if missing else row
