"""How a machine becomes a method: one line for the blocking class, one for the asynchronous one, types kept."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Concatenate, ParamSpec, TypeVar

from filmgate.client.effects import Emitter, Procedure

__all__ = ["async_iterator", "async_method", "sync_iterator", "sync_method"]

P = ParamSpec("P")
S = TypeVar("S")  # whoever has the method; its ``driver`` runs the machine
T = TypeVar("T")


def sync_method(make: Callable[Concatenate[S, P], Procedure[T]]) -> Callable[Concatenate[S, P], T]:
    """A method that runs the machine to its result."""

    @functools.wraps(make)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self.driver.run(make(self, *args, **kwargs))
        return result

    return method


def async_method(
    make: Callable[Concatenate[S, P], Procedure[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """A method whose awaited result is the machine's."""

    @functools.wraps(make)
    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self.driver.run(make(self, *args, **kwargs))
        return result

    return method


def sync_iterator(
    make: Callable[Concatenate[S, P], Emitter[T]],
) -> Callable[Concatenate[S, P], Generator[T, None, None]]:
    """A method that iterates over what the machine emits."""

    @functools.wraps(make)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
        values: Generator[T, None, None] = self.driver.iterate(make(self, *args, **kwargs))
        return values

    return method


def async_iterator(
    make: Callable[Concatenate[S, P], Emitter[T]],
) -> Callable[Concatenate[S, P], AsyncGenerator[T, None]]:
    """The same for ``async for``."""

    @functools.wraps(make)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        values: AsyncGenerator[T, None] = self.driver.iterate(make(self, *args, **kwargs))
        return values

    return method
