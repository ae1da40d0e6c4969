"""Who makes the videos: an explicit registry of engines, and a door for those of other packages.

An engine of yours is a factory under the entry-point group ``filmgate.engines``; it gets an :class:`EngineContext`
and returns something that keeps the contract in :mod:`filmgate.engines.base`
(:mod:`filmgate.testing.engine_contract` checks it). The built-in ones go through the same door.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from msgspec import Struct

from filmgate.engines.base import Engine
from filmgate.errors import SettingsError

__all__ = ["BUILT_IN", "GROUP", "EngineContext", "Factory", "make", "names"]

GROUP = "filmgate.engines"
"""Entry-point group of engines from other packages."""


class EngineContext(Struct, frozen=True, kw_only=True):
    """What an engine gets to know of the house it works in."""

    name: str  # under which models and rows know it
    options: Mapping[str, object] = {}  # its own settings, to be checked by itself
    cache: Path  # a folder that survives restarts, of all that ever had its name; may not exist yet
    scratch: Path  # a folder of its own for work at hand; may not exist yet


Factory = Callable[[EngineContext], Engine]


def _scene(context: EngineContext) -> Engine:
    from filmgate.engines.scene import SceneEngine  # noqa: PLC0415 - the renderer is large, and only servers need it

    workers = integer(context, "workers", 2)
    return SceneEngine(name=context.name, workers=workers, cache=context.cache, scratch=context.scratch)


def _testcard(context: EngineContext) -> Engine:
    from filmgate.engines.testcard import TestcardEngine  # noqa: PLC0415 - the encoder is large, and only servers need it

    return TestcardEngine(
        name=context.name, delay=number(context, "delay", 0.0), concurrency=integer(context, "concurrency", 4)
    )


def _openai_videos(context: EngineContext) -> Engine:
    from filmgate.engines.openai_videos import OpenAIVideosEngine, read_options  # noqa: PLC0415 - only servers need it

    return OpenAIVideosEngine(context.name, read_options(context))


def _chat_sse(context: EngineContext) -> Engine:
    from filmgate.engines.chat_sse import ChatSseEngine, read_options  # noqa: PLC0415 - only servers need it

    return ChatSseEngine(context.name, read_options(context), context.cache)


BUILT_IN: dict[str, Factory] = {
    "chat-sse": _chat_sse,
    "openai-videos": _openai_videos,
    "scene": _scene,
    "testcard": _testcard,
}
"""The engines that come with the package."""


def names() -> list[str]:
    """Every engine that :func:`make` knows."""
    return sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))})


def make(name: str, context: EngineContext) -> Engine:
    """The engine of that name, not yet started.

    Raises:
        SettingsError: there is none, or its options can't be used.
    """
    factory = BUILT_IN.get(name) or _from_elsewhere(name)
    if factory is None:
        raise SettingsError(f"There is no engine '{name}'; known ones: {', '.join(names())}.")
    return factory(context)


def number(context: EngineContext, option: str, default: float) -> float:
    """An option that is a number, 0 or more.

    Raises:
        SettingsError: it is not.
    """
    value = context.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SettingsError(f"Engine '{context.name}': '{option}' is a number of 0 or more, not {value!r}.")
    return value


def integer(context: EngineContext, option: str, default: int) -> int:
    """An option that is a whole number, 1 or more.

    Raises:
        SettingsError: it is not.
    """
    value = context.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"Engine '{context.name}': '{option}' is a whole number from 1, not {value!r}.")
    return value


def _from_elsewhere(name: str) -> Factory | None:
    for point in entry_points(group=GROUP, name=name):
        return cast("Factory", point.load())
    return None
