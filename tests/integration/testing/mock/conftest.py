"""A mock for every test, and a client that sees every byte that comes over the wire."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.raw_client import MockClock, RawClient, Starting

from filmgate.testing import mock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def start() -> AsyncIterator[Starting]:
    """Starts mocks that are gone when the test ends."""
    async with AsyncExitStack() as stack:

        async def _start(**config: Any) -> tuple[mock.RunningMock, RawClient]:
            clock = MockClock()
            running = mock.running(mock.MockConfig(**config), clock=clock, sleep=clock.sleep)
            upstream = await stack.enter_async_context(running)
            return upstream, RawClient(upstream.origin, clock)

        yield _start
