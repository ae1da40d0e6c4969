"""The input of an engine's factory, and how its options are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from filmgate.errors import SettingsError

__all__ = ["EngineContext", "integer", "number"]


class EngineContext(Struct, frozen=True, kw_only=True):
    """What an engine's factory gets from the server."""

    name: str  # its name in models and rows
    options: Mapping[str, object] = {}  # its own settings, validated by the engine
    cache: Path  # a folder that survives restarts, shared by all engines that ever had this name; may not exist yet
    scratch: Path  # a folder of its own for temporary files; may not exist yet


def number(context: EngineContext, option: str, default: float) -> float:
    """Return an option that is a number, 0 or more.

    Raises:
        SettingsError: it is not.
    """
    value = context.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingsError(f"Engine '{context.name}': '{option}' must be a number of 0 or more, not {value!r}.")
    return value


def integer(context: EngineContext, option: str, default: int) -> int:
    """Return an option that is a whole number, 1 or more.

    Raises:
        SettingsError: it is not.
    """
    value = context.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"Engine '{context.name}': '{option}' must be a whole number from 1, not {value!r}.")
    return value
