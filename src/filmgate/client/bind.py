"""Turns a procedure into a method: one line for the blocking class, one for the asynchronous one, types preserved."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Concatenate, ParamSpec, TypeVar

from filmgate.client.effects import Emitter, Procedure

__all__ = ["async_iterator", "async_method", "sync_iterator", "sync_method"]

P = ParamSpec("P")
S = TypeVar("S")  # the class that has the method; its ``driver`` runs the procedure
T = TypeVar("T")


def sync_method(operation: Callable[Concatenate[S, P], Procedure[T]]) -> Callable[Concatenate[S, P], T]:
    """Make a method that runs the procedure and returns its result."""

    @functools.wraps(operation)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self.driver.run(operation(self, *args, **kwargs))
        return result

    return method


def async_method(
    operation: Callable[Concatenate[S, P], Procedure[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a coroutine method that runs the procedure and returns its result."""

    @functools.wraps(operation)
    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self.driver.run(operation(self, *args, **kwargs))
        return result

    return method


def sync_iterator(
    operation: Callable[Concatenate[S, P], Emitter[T]],
) -> Callable[Concatenate[S, P], Generator[T, None, None]]:
    """Make a method that iterates over the values the procedure emits."""

    @functools.wraps(operation)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
        values: Generator[T, None, None] = self.driver.iterate(operation(self, *args, **kwargs))
        return values

    return method


def async_iterator(
    operation: Callable[Concatenate[S, P], Emitter[T]],
) -> Callable[Concatenate[S, P], AsyncGenerator[T, None]]:
    """Make a method that iterates over the values the procedure emits, for ``async for``."""

    @functools.wraps(operation)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        values: AsyncGenerator[T, None] = self.driver.iterate(operation(self, *args, **kwargs))
        return values

    return method
