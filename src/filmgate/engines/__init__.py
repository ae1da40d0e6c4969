"""Engine registry: every engine, including our own, is an entry point of the group ``filmgate.engines``.

A third-party engine registers a factory in that group: it takes an :class:`EngineContext` and returns an object that
implements :mod:`filmgate.engines.base` (:mod:`filmgate.testing.engine_contract` checks it).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from filmgate.engines.base import Engine
from filmgate.engines.options import EngineContext
from filmgate.errors import SettingsError

__all__ = [
    "ENTRY_POINT_GROUP",
    "EngineContext",
    "EngineFactory",
    "absent",
    "create_engine",
    "engine_names",
    "install_hint",
]

ENTRY_POINT_GROUP = "filmgate.engines"
"""Entry-point group of engines."""

OWN_DISTRIBUTIONS = ("filmgate", "filmgate-scene")
"""Distributions whose engines take precedence over one of the same name from another package."""

_EXTRAS = {"scene": "filmgate[scene]"}
"""Our engines that are distributed in their own package."""

EngineFactory = Callable[[EngineContext], Engine]


def engine_names() -> list[str]:
    """Return the names of all engines that :func:`create_engine` can create."""
    return sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})


def create_engine(name: str, context: EngineContext) -> Engine:
    """Create the engine of that name, not yet started.

    Raises:
        SettingsError: there is none, or its options can't be used.
    """
    points = sorted(entry_points(group=ENTRY_POINT_GROUP, name=name), key=_is_foreign)
    if not points:
        known = ", ".join(engine_names())
        raise SettingsError(f"There is no engine '{name}'; known ones: {known}. {install_hint(name)}".rstrip())
    return cast("EngineFactory", points[0].load())(context)


def absent() -> frozenset[str]:
    """Return our engines whose package is not installed."""
    return frozenset(name for name in _EXTRAS if not entry_points(group=ENTRY_POINT_GROUP, name=name))


def install_hint(name: str) -> str:
    """Return a sentence on how to install an engine of ours that is missing; empty for other names."""
    return f"Install it: pip install '{_EXTRAS[name]}'." if name in _EXTRAS else ""


def _is_foreign(point: EntryPoint) -> bool:
    return point.dist is None or point.dist.name not in OWN_DISTRIBUTIONS
