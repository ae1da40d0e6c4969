"""I9: nothing is written outside the data folder, and nothing in it is left over after a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from filmgate.testing.checker.facts import DatabaseSnapshot, FileDigest, SurroundingFiles

__all__ = ["leftover_files", "stray_files"]


def leftover_files(
    database: DatabaseSnapshot, files: Mapping[str, FileDigest], staged_names: Iterable[str]
) -> Iterator[str]:
    """Files that no row names, and staged files that nothing finishes."""
    for key in sorted(files.keys() - {asset.key for asset in database.assets}):
        yield f"I9: {key} is named by no row"
    for name in staged_names:
        yield f"I9: {name} was left where things are made"


def stray_files(surroundings: SurroundingFiles) -> Iterator[str]:
    """Files around the data folder that appeared, changed or disappeared."""
    for path in sorted(surroundings.before.keys() | surroundings.after.keys()):
        if path not in surroundings.before:
            yield f"I9: {path} was written outside the data folder"
        elif path not in surroundings.after:
            yield f"I9: {path} outside the data folder is gone"
        elif surroundings.before[path] != surroundings.after[path]:
            yield f"I9: {path} outside the data folder was changed"
