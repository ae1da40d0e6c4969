"""Listening, readiness, stopping."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.errors import SettingsError
from filmgate.server.serve import listen, serve

if TYPE_CHECKING:
    from tests.integration.server.conftest import ApiServer


async def test_an_occupied_port_is_reported(api_server: ApiServer) -> None:
    """The error names the address and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Can't listen on 127\.0\.0\.1:{port}: Address already in use"):
            await serve(api_server.app, "127.0.0.1", port)
    with pytest.raises(SettingsError, match=r"Can't listen on 192\.0\.2\.1:0: "):
        await serve(api_server.app, "192.0.2.1", 0)


def test_ipv6_is_supported_where_available() -> None:
    """An IPv6 address works like any other."""
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").read_text(encoding="ascii"):
        return
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6


async def test_readiness_is_reported_with_the_url(api_server: ApiServer) -> None:
    """The URL has the free port in it and works at once."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(api_server.app, "127.0.0.1", 0, on_ready=ready.set_result))
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{await ready}/healthz")).status_code == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
