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

from filmgate.net.addresses import AllowedHosts, BadUrl, CheckedResolver, Resolver, parse_url, system_resolver
from filmgate.security.ip_scope import is_ip_literal

__all__ = ["BODY_LIMIT", "Client", "Fault", "Reply"]

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of an answer that is read whole."""

CONNECTIONS = 256
"""Connections that are kept for looks."""


class Reply(Struct, frozen=True, kw_only=True):
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case; ``date`` is always there
    body: bytes


class Fault(Exception):
    """There is no answer.

    Args:
        reason: why, for the operator's log: it may name hosts.
        sent: whether the other side may have got the request.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass
class _Flight:
    """What is known of a request on its way."""

    sent: bool = False

    def judge(self, error: Exception, *, traced: bool) -> None:
        """Conclude from an error whether the request had left, where nobody traced it."""
        self.sent |= not traced and not isinstance(
            error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        )


class Client:
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
        limit: int = BODY_LIMIT,
        fresh: bool = False,
    ) -> Reply:
        """Send a request and read its answer whole, whatever its status.

        Args:
            method: of HTTP.
            url: absolute, encoded.
            headers: beside the credentials.
            body: all of it.
            within: seconds for everything.
            limit: bytes of the answer.
            fresh: over a connection of its own: on one that was kept, a request may meet the other side's hanging up,
                and nobody knows whether it was read.

        Raises:
            Fault: no answer, too late, or too much of it.
        """
        flight = _Flight()
        try:
            async with (
                asyncio.timeout(within),
                self.open(method, url, headers=headers, body=body, fresh=fresh, idle=within, flight=flight) as response,
            ):
                return Reply(
                    status=response.status, headers=lowered(response), body=await _read(response, limit, flight)
                )
        except TimeoutError as error:
            raise Fault(f"no answer within {within:g} s", sent=flight.sent) from error

    @asynccontextmanager
    async def open(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        fresh: bool = False,
        idle: float | None = None,
        flight: _Flight | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer whose body is still to be read; whatever goes wrong with it inside becomes a Fault too."""
        flight = flight or _Flight()
        parsed = self._checked(url)
        own = self._headers if parsed.origin() == self.base.origin() else {}
        request = self._session(fresh=fresh).request(
            method,
            parsed,
            headers={**(headers or {}), **own},
            data=body or None,
            allow_redirects=False,
            timeout=self._timeout(idle or self._idle_timeout),
            trace_request_ctx=flight,
        )
        try:
            async with request as response:
                flight.sent = True
                yield response
        except TimeoutError as error:
            if isinstance(error, aiohttp.ClientError):
                flight.judge(error, traced=fresh)
                raise Fault("it fell silent", sent=flight.sent) from error
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            flight.judge(error, traced=fresh)
            raise Fault(_told(error), sent=flight.sent) from error

    def _timeout(self, idle: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=idle)

    def _checked(self, text: str) -> yarl.URL:
        """The URL, if its host may be asked as far as can be said before it is resolved."""
        try:
            url = parse_url(text, encoded=True)
        except BadUrl as error:
            raise Fault(str(error), sent=False) from error
        host, port = url.raw_host or "", url.port or 0
        # What looks like an address to aiohttp never comes to the resolver.
        numeric = ":" in host or host.replace(".", "").isdigit()
        if numeric and not (is_ip_literal(host) and self._allowed.permits(host, port, [host])):
            raise Fault("the host is unknown or not public", sent=False)
        return url

    def _session(self, *, fresh: bool) -> aiohttp.ClientSession:
        if fresh not in self._sessions:
            # Only a submission has to know exactly whether it left; tracing costs a third of a look.
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_sent)
            self._sessions[fresh] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._resolver,
                    use_dns_cache=False,
                    force_close=fresh,
                    limit=0 if fresh else CONNECTIONS,
                    ssl=self._tls or True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                trace_configs=[trace] if fresh else [],
                headers={"Accept-Encoding": "identity", "User-Agent": "filmgate"},
            )
        return self._sessions[fresh]


def lowered(response: aiohttp.ClientResponse) -> dict[str, str]:
    """An answer's headers under names in lower case; one that says no date was given now."""
    return {"date": formatdate(usegmt=True)} | {name.lower(): value for name, value in response.headers.items()}


def _told(error: Exception) -> str:
    """What went wrong; of most errors the kind alone, for their text may hold a signed URL."""
    plain = isinstance(error, aiohttp.ClientConnectorError)
    return f"{type(error).__name__}: {error}" if plain else type(error).__name__


async def _note_sent(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _sent: aiohttp.TraceRequestHeadersSentParams
) -> None:
    """From here on the other side may know the request."""
    context.trace_request_ctx.sent = True


async def _read(response: aiohttp.ClientResponse, limit: int, flight: _Flight) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise Fault(f"its answer has more than {limit} bytes", sent=flight.sent)
    return bytes(body)
