"""Runs the application on a socket: listen, serve, drain, stop."""

from __future__ import annotations

import asyncio
import functools
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from filmgate.errors import SettingsError
from filmgate.server.app import App
from filmgate.server.connections import ConnectionPool, connection_limit, raise_descriptor_limit
from filmgate.server.http_protocol import Deadlines, HttpProtocol, is_supported

__all__ = ["listen", "serve"]

KEEP_ALIVE_TIMEOUT = 95
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that none sends on a closing one."""

STALL_TIMEOUT = 120.0
"""Seconds after which the kernel disconnects a client that accepts no bytes of its response."""

BACKLOG = 2048

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def serve(
    app: App,
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None] | None = None,
    drain_timeout: float = 10.0,
    deadlines: Deadlines | None = None,
    stall_timeout: float = STALL_TIMEOUT,
) -> None:
    """Serve until SIGTERM or SIGINT (or the task's cancellation), then drain and return.

    Args:
        app: the application.
        host: address or name to listen on.
        port: 0 takes a free one.
        on_ready: called with the base URL as soon as connections are accepted.
        drain_timeout: seconds that running requests get to end; a second signal ends them at once.
        deadlines: timeouts of a connection.
        stall_timeout: seconds after which a client that accepts no bytes of its response is disconnected.

    Raises:
        SettingsError: the address can't be listened on.
    """
    listener = listen(host, port, stall_timeout)
    url = _url(host, listener)
    server = _UvicornServer(
        _config(app, drain_timeout, deadlines or Deadlines()), app, lambda: on_ready and on_ready(url)
    )
    try:
        await server.serve(sockets=[listener])
    except asyncio.CancelledError:
        await server.shutdown(sockets=[listener])
        raise
    finally:
        listener.close()


def listen(host: str, port: int, stall_timeout: float = STALL_TIMEOUT) -> socket.socket:
    """Return a socket bound to the address.

    Raises:
        SettingsError: binding fails; the message says why.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"Can't listen on {host}:{port}: {reason}.") from error
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(stall_timeout * 1000))
    return listener


class _UvicornServer(uvicorn.Server):
    """uvicorn's server; it also reports readiness, drains the app first and does not re-raise signals at the end."""

    def __init__(self, config: uvicorn.Config, app: App, on_started: Callable[[], object]) -> None:
        super().__init__(config)
        self._app = app
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.drain()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would raise the signal again at the end and so kill the process before it has closed its files.
        loop = asyncio.get_running_loop()
        try:
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._on_signal)
        except (ValueError, RuntimeError):  # not the main thread: its owner handles signals
            yield
            return
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _on_signal(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _config(app: App, drain_timeout: float, deadlines: Deadlines) -> uvicorn.Config:
    pool = ConnectionPool(connection_limit(raise_descriptor_limit()))
    protocol: Any = functools.partial(HttpProtocol, deadlines=deadlines, pool=pool) if is_supported() else "httptools"
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # its log is meant for people; the middleware logs errors
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_TIMEOUT,
        backlog=BACKLOG,
    )
    config.timeout_graceful_shutdown = drain_timeout  # type: ignore[assignment]  # only passed to asyncio.wait_for
    return config


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
