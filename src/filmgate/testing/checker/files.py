"""I9: nothing is written outside the data folder, and nothing in it is left over after a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from filmgate.testing.checker.facts import File, Outside, Rows

__all__ = ["left_over", "strays"]


def left_over(rows: Rows, files: Mapping[str, File], staged: Iterable[str]) -> Iterator[str]:
    """Files that no row names, and half-made ones that nobody finishes."""
    for key in sorted(files.keys() - {asset.key for asset in rows.named}):
        yield f"I9: {key} is named by no row"
    for name in staged:
        yield f"I9: {name} was left where things are made"


def strays(outside: Outside) -> Iterator[str]:
    """What appeared, changed or went around the data folder."""
    for path in sorted(outside.before.keys() | outside.after.keys()):
        if path not in outside.before:
            yield f"I9: {path} was written outside the data folder"
        elif path not in outside.after:
            yield f"I9: {path} outside the data folder is gone"
        elif outside.before[path] != outside.after[path]:
            yield f"I9: {path} outside the data folder was changed"
