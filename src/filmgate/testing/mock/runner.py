"""Runs a mock on a socket of this process."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from filmgate.testing.mock.app import build_app, vendor_path
from filmgate.testing.mock.config import MockConfig
from filmgate.testing.mock.log import LogEvent, LogLine
from filmgate.testing.mock.transport import Sleep, real_sleep
from filmgate.testing.mock.upstream import MockUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

__all__ = ["RunningMock", "running"]

SHUTDOWN_TIMEOUT = 0.2
"""Seconds that running requests get when the mock stops; endless ones are cut off then."""


class RunningMock:
    """A running mock.

    Args:
        origin: ``http://host:port``.
        upstream: handles the requests.
    """

    def __init__(self, origin: str, upstream: MockUpstream) -> None:
        self.origin = origin
        self.upstream = upstream

    @property
    def base_url(self) -> str:
        """Where the default vendor answers, for the SDK's ``base_url``."""
        return f"{self.origin}/v1"

    def vendor_url(self, vendor: str) -> str:
        """The base URL of a dialect or flavour by name."""
        return self.origin + vendor_path(vendor)

    @property
    def lines(self) -> Sequence[LogLine]:
        """The log of its requests; the log file has the same lines."""
        return list(self.upstream.log.lines)

    async def outage(self, seconds: float) -> None:
        """Stop answering for so many seconds; 0 ends an outage."""
        await self.upstream.outage(seconds)


@asynccontextmanager
async def running(
    config: MockConfig | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Callable[[], float] = time.time,
    sleep: Sleep = real_sleep,
) -> AsyncIterator[RunningMock]:
    """Run a mock in this process, on a free port unless one is named; it stops when the ``with`` ends.

    Args:
        config: how it behaves; None: correctly, at once, and as OpenAI.
        host: address to listen on.
        port: 0 takes a free one.
        clock: Unix time.
        sleep: waits for so many seconds, which may be infinite, whenever a response is late.
    """
    upstream = MockUpstream(config or MockConfig(), clock, sleep)
    runner = web.AppRunner(
        build_app(upstream), access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_TIMEOUT
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await upstream.log.add(LogLine(at=clock(), event=LogEvent.START, vendor=upstream.config.vendor))
        bound = runner.addresses[0]
        yield RunningMock(f"http://{host}:{bound[1]}", upstream)
    finally:
        await runner.cleanup()
        await upstream.close()
