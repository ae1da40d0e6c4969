"""Who makes the videos: an explicit registry of engines, and a door for those of other packages.

An engine of yours is a factory under the entry-point group ``filmgate.engines``; it gets an :class:`EngineContext`
and returns something that keeps the contract in :mod:`filmgate.engines.base`
(:mod:`filmgate.testing.engine_contract` checks it). The built-in ones go through the same door.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

from filmgate.engines.base import Engine
from filmgate.engines.options import EngineContext, integer, number
from filmgate.errors import SettingsError

__all__ = ["BUILT_IN", "GROUP", "EngineContext", "Factory", "make", "names"]

GROUP = "filmgate.engines"
"""Entry-point group of engines from other packages."""


Factory = Callable[[EngineContext], Engine]


def _scene(context: EngineContext) -> Engine:
    from filmgate_scene import SceneEngine  # noqa: PLC0415 - the renderer is large, and only servers need it

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


def _from_elsewhere(name: str) -> Factory | None:
    for point in entry_points(group=GROUP, name=name):
        return cast("Factory", point.load())
    return None
