"""A web server and a fake resolver for tests of outbound requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from tests.support.net import PUBLIC, Names, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A server, started for one test."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    site.stall.set()
    await runner.cleanup()


@pytest.fixture
def names() -> Names:
    """``media.example`` is the site, ``public.example`` a public address, ``inner.example`` a private one."""
    return Names(media=[["127.0.0.1"]], public=[[PUBLIC]], inner=[["10.0.0.7"]])
