"""Plugins: commands and checks that other packages add by entry points.

``NAME = "module:function"`` in the group ``filmgate.commands`` adds the command ``NAME``: the function takes the
:class:`~filmgate.cli.texts.Texts` and returns commands by name, as the modules in ``filmgate.cli.commands`` do.

The entry-point files are read directly, which takes 2 ms; importing ``importlib.metadata`` takes 38 ms.
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
"""Entry-point group of the commands."""


def find(group: str, folders: Sequence[str] | None = None) -> dict[str, str]:
    """Return a group's names with their functions (``module:function``), sorted; of duplicates, the first on the path.

    Args:
        group: entry-point group.
        folders: where packages are installed. Default: ``sys.path``.
    """
    targets: dict[str, str] = {}
    for folder in sys.path if folders is None else folders:
        for text in _entry_points(folder):
            for name, target in _group(text, group):
                targets.setdefault(name, target)
    return dict(sorted(targets.items()))


def resolve(target: str) -> Callable[[Texts], Any]:
    """Import the function ``module:function``.

    Raises:
        ImportError: the module or the function does not exist.
    """
    module, _, name = target.partition(":")
    function: Callable[[Texts], Any] | None = getattr(importlib.import_module(module), name, None)
    if function is None:
        raise ImportError(f"{module} has no function '{name}'")
    return function


def command(name: str, target: str, text: Texts) -> click.Command:
    """Load a plugin's command.

    Raises:
        ImportError: the function cannot be imported or does not return the command.
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
