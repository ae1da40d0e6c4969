"""Listening, draining, stopping."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from filmgate.errors import SettingsError
from filmgate.server.serve import listen, serve

if TYPE_CHECKING:
    from tests.server.conftest import Desk

PROGRAM = """
import asyncio, sys
from filmgate.server.app import App
from filmgate.server.shutdown import Patience
from filmgate.server.serve import serve

async def slow(scope, receive, send):
    print("asked", flush=True)
    await asyncio.sleep(0.5)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"done"})

asyncio.run(serve(App(slow, Patience()), "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True)))
print("closed", flush=True)
"""


async def test_a_taken_port_is_said_so(desk: Desk) -> None:
    """The error names the address and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Can't listen on 127\.0\.0\.1:{port}: Address already in use"):
            await serve(desk.app, "127.0.0.1", port)
    with pytest.raises(SettingsError, match=r"Can't listen on 192\.0\.2\.1:0: "):
        await serve(desk.app, "192.0.2.1", 0)


def test_ipv6_where_there_is_any() -> None:
    """An IPv6 address is listened on like any other."""
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").read_text(encoding="ascii"):
        return
    with listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6


async def test_it_says_when_it_is_ready(desk: Desk) -> None:
    """The URL that it names answers at once, with the free port in it."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(desk.app, "127.0.0.1", 0, on_ready=ready.set_result))
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{await ready}/healthz")).status_code == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


def test_sigterm_lets_requests_end() -> None:
    """A real process, a real signal: the running request is answered, and the program goes on after serve."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answers: list[httpx2.Response] = []
        asking = threading.Thread(target=lambda: answers.append(httpx2.get(url, trust_env=False)))
        asking.start()
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        asking.join(10)
        assert [answer.text for answer in answers] == ["done"]
        assert process.stdout.read() == "closed\n"
        assert process.wait(10) == 0
