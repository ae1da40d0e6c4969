"""A long-lived client for one upstream, with its own address, credentials and connection pool.

Each new connection resolves the name and checks the addresses in one call, then connects to one of them, so a DNS
record that changes in between has no effect. Redirects are returned like any other response.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from types import SimpleNamespace

import aiohttp
import yarl
from msgspec import Struct

from filmgate.net.addresses import AllowedHosts, BadUrl, Resolver, parse_url, system_resolver
from filmgate.net.resolvers import CheckedResolver
from filmgate.security.ip_scope import is_ip_literal

__all__ = ["MAX_BODY_BYTES", "BufferedResponse", "TransportError", "UpstreamClient"]

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Maximum size of a response that is read whole, in bytes."""

MAX_CONNECTIONS = 256
"""Maximum number of pooled connections for polls."""


class BufferedResponse(Struct, frozen=True, kw_only=True):
    """A response, read whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case; ``date`` is always present
    body: bytes


class TransportError(Exception):
    """The request got no response.

    Args:
        reason: why, for the operator's log: it may contain host names.
        sent: whether the upstream may have received the request.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass
class _RequestState:
    """State of a running request."""

    sent: bool = False

    def infer_sent(self, error: Exception, *, traced: bool) -> None:
        """Infer from an error whether the request was sent, if it is not traced."""
        self.sent |= not traced and not isinstance(
            error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        )


class UpstreamClient:
    """Sends requests to one upstream.

    Args:
        base_url: its base URL; this host may be requested whatever its address is.
        headers: credentials; sent to the base URL's origin only.
        allow_hosts: further hosts that may be requested although their address is not public.
        resolver: replaces the system's resolver in tests.
        tls: trusted authorities; None: the system's.
        connect_timeout: seconds to wait for a connection.
        idle_timeout: seconds to wait for the next bytes of a download; :meth:`send` has its own timeout.

    Raises:
        BadUrl: the base URL can't be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow_hosts: Iterable[str] = (),
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        connect_timeout: float = 10.0,
        idle_timeout: float = 30.0,
    ) -> None:
        self.base = parse_url(base_url.rstrip("/"))
        base_host = f"{self.base.raw_host}:{self.base.port}"
        self._headers = dict(headers or {})
        self._allowed = AllowedHosts([*allow_hosts, base_host])
        self._resolver = CheckedResolver(resolver or system_resolver, self._allowed)
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    def url(self, path: str) -> str:
        """Return the URL of an encoded path below the base."""
        return f"{self.base}/{path}"

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        within: float,
        limit: int = MAX_BODY_BYTES,
        new_connection: bool = False,
    ) -> BufferedResponse:
        """Send a request and read its response whole, whatever its status.

        Args:
            method: the HTTP method.
            url: absolute, encoded.
            headers: in addition to the credentials.
            body: the whole body.
            within: timeout of the whole exchange, in seconds.
            limit: maximum size of the response, in bytes.
            new_connection: do not use a pooled connection: the upstream may close one while the request is sent, and
                then it is unknown whether the request was read.

        Raises:
            TransportError: there is no response, or it is too late or too large.
        """
        state = _RequestState()
        try:
            async with (
                asyncio.timeout(within),
                self.stream(
                    method, url, headers=headers, body=body, new_connection=new_connection, idle=within, state=state
                ) as response,
            ):
                return BufferedResponse(
                    status=response.status,
                    headers=lowercase_headers(response),
                    body=await _read_body(response, limit, state),
                )
        except TimeoutError as error:
            raise TransportError(f"no response within {within:g} s", sent=state.sent) from error

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        new_connection: bool = False,
        idle: float | None = None,
        state: _RequestState | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a response whose body the caller reads; read errors become a :class:`TransportError` too."""
        state = state or _RequestState()
        parsed = self._check_url(url)
        credentials = self._headers if parsed.origin() == self.base.origin() else {}
        request = self._session(new_connection=new_connection).request(
            method,
            parsed,
            headers={**(headers or {}), **credentials},
            data=body or None,
            allow_redirects=False,
            timeout=self._timeout(idle or self._idle_timeout),
            trace_request_ctx=state,
        )
        try:
            async with request as response:
                state.sent = True
                yield response
        except TimeoutError as error:
            if isinstance(error, aiohttp.ClientError):
                state.infer_sent(error, traced=new_connection)
                raise TransportError("idle timeout", sent=state.sent) from error
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            state.infer_sent(error, traced=new_connection)
            raise TransportError(_describe_error(error), sent=state.sent) from error

    def _timeout(self, idle: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=idle)

    def _check_url(self, text: str) -> yarl.URL:
        """Parse the URL and check its host, as far as possible before it is resolved."""
        try:
            url = parse_url(text, encoded=True)
        except BadUrl as error:
            raise TransportError(str(error), sent=False) from error
        host, port = url.raw_host or "", url.port or 0
        # aiohttp does not call the resolver for a host that looks like an address.
        numeric = ":" in host or host.replace(".", "").isdigit()
        if numeric and not (is_ip_literal(host) and self._allowed.permits(host, port, [host])):
            raise TransportError("the host is unknown or not public", sent=False)
        return url

    def _session(self, *, new_connection: bool) -> aiohttp.ClientSession:
        if new_connection not in self._sessions:
            # Only a submission needs to know exactly whether it was sent; tracing costs a third of a poll.
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_mark_sent)
            self._sessions[new_connection] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._resolver,
                    use_dns_cache=False,
                    force_close=new_connection,
                    limit=0 if new_connection else MAX_CONNECTIONS,
                    ssl=self._tls or True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                trace_configs=[trace] if new_connection else [],
                headers={"Accept-Encoding": "identity", "User-Agent": "filmgate"},
            )
        return self._sessions[new_connection]


def lowercase_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers of a response with names in lower case; a missing ``date`` becomes the current time."""
    return {"date": formatdate(usegmt=True)} | {name.lower(): value for name, value in response.headers.items()}


def _describe_error(error: Exception) -> str:
    """Describe an error; most by type alone, because their text may contain a signed URL."""
    is_safe = isinstance(error, aiohttp.ClientConnectorError)
    return f"{type(error).__name__}: {error}" if is_safe else type(error).__name__


async def _mark_sent(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """Record that from now on the upstream may have received the request."""
    context.trace_request_ctx.sent = True


async def _read_body(response: aiohttp.ClientResponse, limit: int, state: _RequestState) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TransportError(f"the response has more than {limit} bytes", sent=state.sent)
    return bytes(body)
