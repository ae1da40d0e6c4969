"""What other packages add to the command line, by entry points.

``NAME = "module:function"`` in the group ``filmgate.commands`` adds the command ``NAME``: the function takes the
:class:`~filmgate.cli.texts.Texts` and returns commands by name, as the modules in ``filmgate.cli.commands`` do.

The files are read directly: importing ``importlib.metadata`` takes 38 ms, reading them 2.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from filmgate.cli.texts import Texts

__all__ = ["COMMANDS", "command", "find", "resolve"]

COMMANDS = "filmgate.commands"
"""Entry-point group of commands."""


def find(group: str, folders: Sequence[str] | None = None) -> dict[str, str]:
    """A group's names and functions (``module:function``), sorted; of two of one name, the first on the path.

    Args:
        group: of entry points.
        folders: where packages are installed; ``sys.path`` if not given.
    """
    found: dict[str, str] = {}
    for folder in sys.path if folders is None else folders:
        for text in _entry_points(folder):
            for name, target in _group(text, group):
                found.setdefault(name, target)
    return dict(sorted(found.items()))


def resolve(target: str) -> Callable[[Texts], Any]:
    """The function that ``module:function`` names.

    Raises:
        ImportError: there is none.
    """
    module, _, name = target.partition(":")
    function: Callable[[Texts], Any] | None = getattr(importlib.import_module(module), name, None)
    if function is None:
        raise ImportError(f"{module} has no function '{name}'")
    return function


def command(name: str, target: str, text: Texts) -> click.Command:
    """Load a command.

    Raises:
        ImportError: it can't be imported, or the function does not return it.
    """
    loaded: click.Command | None = resolve(target)(text).get(name)
    if loaded is None:
        raise ImportError(f"{target} returns no command '{name}'")
    return loaded


def _entry_points(folder: str) -> Iterator[str]:
    for file in sorted(Path(folder).glob("*.dist-info/entry_points.txt")):
        with suppress(OSError, UnicodeDecodeError):
            yield file.read_text(encoding="utf-8")


def _group(text: str, group: str) -> Iterator[tuple[str, str]]:
    if f"[{group}]" not in text:
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line[1:-1]
        elif section == group and "=" in line:
            name, _, target = line.partition("=")
            yield name.strip(), target.strip()
