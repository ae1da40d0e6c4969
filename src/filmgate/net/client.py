"""A long-lived client for one upstream: its own address, its own credentials, its own pool of connections.

Names are resolved and their addresses checked whenever a connection is made, by the same call whose answer is then
connected to, so a name that changes its address in between gains nothing. Redirects are answers like any other.
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
"""Bytes of an answer that is read whole."""

MAX_CONNECTIONS = 256
"""Connections that are kept for looks."""


class BufferedResponse(Struct, frozen=True, kw_only=True):
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case; ``date`` is always there
    body: bytes


class TransportError(Exception):
    """There is no answer.

    Args:
        reason: why, for the operator's log: it may name hosts.
        sent: whether the other side may have got the request.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass
class _RequestState:
    """What is known of a request on its way."""

    sent: bool = False

    def infer_sent(self, error: Exception, *, traced: bool) -> None:
        """Conclude from an error whether the request had left, where nobody traced it."""
        self.sent |= not traced and not isinstance(
            error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        )


class UpstreamClient:
    """Sends requests to one upstream.

    Args:
        base_url: where it is; its host may be asked whatever its address is.
        headers: credentials; they go to the base URL's origin and nowhere else.
        allow_hosts: further hosts that may be asked although their address is not public.
        resolver: the system's, or a test's.
        tls: whom to trust, if not those whom the system trusts.
        connect_timeout: seconds to wait for a connection.
        idle_timeout: seconds to wait for the next bytes of a download; an answer that is read whole has its own time.

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
        own = f"{self.base.raw_host}:{self.base.port}"
        self._headers = dict(headers or {})
        self._allowed = AllowedHosts([*allow_hosts, own])
        self._resolver = CheckedResolver(resolver or system_resolver, self._allowed)
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close every connection."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()

    def url(self, path: str) -> str:
        """The address of an encoded path below the base."""
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
        """Send a request and read its answer whole, whatever its status.

        Args:
            method: of HTTP.
            url: absolute, encoded.
            headers: beside the credentials.
            body: all of it.
            within: seconds for everything.
            limit: bytes of the answer.
            new_connection: over a connection of its own: on one that was kept, a request may meet the other side's hanging up,
                and nobody knows whether it was read.

        Raises:
            Fault: no answer, too late, or too much of it.
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
            raise TransportError(f"no answer within {within:g} s", sent=state.sent) from error

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
        """An answer whose body is still to be read; whatever goes wrong with it inside becomes a Fault too."""
        state = state or _RequestState()
        parsed = self._check_url(url)
        own = self._headers if parsed.origin() == self.base.origin() else {}
        request = self._session(new_connection=new_connection).request(
            method,
            parsed,
            headers={**(headers or {}), **own},
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
                raise TransportError("it fell silent", sent=state.sent) from error
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            state.infer_sent(error, traced=new_connection)
            raise TransportError(_describe_error(error), sent=state.sent) from error

    def _timeout(self, idle: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=idle)

    def _check_url(self, text: str) -> yarl.URL:
        """The URL, if its host may be asked as far as can be said before it is resolved."""
        try:
            url = parse_url(text, encoded=True)
        except BadUrl as error:
            raise TransportError(str(error), sent=False) from error
        host, port = url.raw_host or "", url.port or 0
        # What looks like an address to aiohttp never comes to the resolver.
        numeric = ":" in host or host.replace(".", "").isdigit()
        if numeric and not (is_ip_literal(host) and self._allowed.permits(host, port, [host])):
            raise TransportError("the host is unknown or not public", sent=False)
        return url

    def _session(self, *, new_connection: bool) -> aiohttp.ClientSession:
        if new_connection not in self._sessions:
            # Only a submission has to know exactly whether it left; tracing costs a third of a look.
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
    """An answer's headers under names in lower case; one that says no date was given now."""
    return {"date": formatdate(usegmt=True)} | {name.lower(): value for name, value in response.headers.items()}


def _describe_error(error: Exception) -> str:
    """What went wrong; of most errors the kind alone, for their text may hold a signed URL."""
    plain = isinstance(error, aiohttp.ClientConnectorError)
    return f"{type(error).__name__}: {error}" if plain else type(error).__name__


async def _mark_sent(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """From here on the other side may know the request."""
    context.trace_request_ctx.sent = True


async def _read_body(response: aiohttp.ClientResponse, limit: int, state: _RequestState) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TransportError(f"its answer has more than {limit} bytes", sent=state.sent)
    return bytes(body)
