"""The one place where tests wait by looking again: until something observable is so, with a deadline far away.

A test that can be woken waits for an event instead. The deadline only ends a test that hangs; nothing measures time.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

DEADLINE = 90.0
"""Seconds after which a test gives up; less than pytest's own timeout, so that the message says what is missing."""

INTERVAL = 0.01
"""Seconds between two looks."""


def until(condition: Callable[[], T | None], failure: Callable[[], object] = lambda: "") -> T:
    """What ``condition`` returns once it is true; ``failure`` describes what stood instead."""
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE:.0f} s: {failure()}")
        time.sleep(INTERVAL)
    return found


@overload
async def until_async(condition: Callable[[], Awaitable[T | None]], failure: Callable[[], object] = ...) -> T: ...
@overload
async def until_async(condition: Callable[[], T | None], failure: Callable[[], object] = ...) -> T: ...
async def until_async(condition: Callable[[], Any], failure: Callable[[], object] = lambda: "") -> Any:
    """What ``condition`` returns, or its awaitable, once it is true; other tasks run in between."""
    deadline = time.monotonic() + DEADLINE
    while not (found := await _value(condition())):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE:.0f} s: {failure()}")
        await asyncio.sleep(INTERVAL)
    return found


async def _value(found: Any) -> Any:
    return await found if inspect.isawaitable(found) else found
