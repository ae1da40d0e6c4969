"""What pip would install for an extra, laid out as a folder of links: a small installation without a download."""

from __future__ import annotations

import os
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["closure", "laid_out", "size"]

_SOURCES = {"filmgate": "src/filmgate", "filmgate-scene": "packages/filmgate-scene/src/filmgate_scene"}
_ROOT = Path(__file__).parents[2]


def closure(*requirements: str) -> dict[str, Distribution]:
    """The distributions that these requirements install, by canonical name."""
    found: dict[str, Distribution] = {}
    visited: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        found.setdefault(name, distribution(name))
        for extra in requirement.extras | {""}:
            if (name, extra) not in visited:
                visited.add((name, extra))
                wanted = map(Requirement, found[name].requires or [])
                waiting += [each for each in wanted if _applies(each, extra)]
    return found


def _applies(requirement: Requirement, extra: str) -> bool:
    """Whether the extra brings it in; those of the base belong to the extra "" alone."""
    if requirement.marker is None:
        return not extra
    if not extra:
        return requirement.marker.evaluate({"extra": ""})
    return "extra" in str(requirement.marker) and requirement.marker.evaluate({"extra": extra})


def laid_out(folder: Path, *requirements: str) -> dict[str, str]:
    """Link what the requirements install into ``folder``; returns the environment of a Python that sees only that."""
    for name, each in closure(*requirements).items():
        tops = {file.parts[0] for file in each.files or () if file.parts[0] not in {"..", "__pycache__"}}
        for top in sorted(tops):
            if not top.endswith(".pth"):
                (folder / top).symlink_to(Path(str(each.locate_file(top))))
        if name in _SOURCES:
            source = _ROOT / _SOURCES[name]
            (folder / source.name).symlink_to(source)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def size(*requirements: str) -> int:
    """Bytes of what the requirements install, compiled modules included where they are there; links not followed."""
    folders = [Path(str(each.locate_file(""))) for each in closure(*requirements).values()]
    tops = {
        folder / file.parts[0]
        for folder, each in zip(folders, closure(*requirements).values(), strict=True)
        for file in each.files or ()
        if file.parts[0] != ".."
    }
    return sum(map(_weight, tops)) + _weight(_ROOT / _SOURCES["filmgate"])


def _weight(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


COMMAND = (sys.executable, "-S", "-m", "filmgate")
"""``filmgate`` in the environment that :func:`laid_out` returns."""
