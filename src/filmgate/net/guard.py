"""Fetches client-supplied URLs without letting them reach our own network (SSRF guard).

A host name is resolved once and all its addresses must be public. The connection goes to one of those addresses only,
while ``Host`` and TLS still use the name. Redirects are followed here, each checked like the first URL. All ports are
allowed: a service is private by its address, not by its port.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
import sys
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import yarl

from filmgate.errors import InvalidUrl, UrlUnreachable
from filmgate.net import files
from filmgate.net.addresses import AllowedHosts, BadUrl, Resolver, parse_url
from filmgate.net.shared_resolver import BusyResolver, SharedResolver
from filmgate.security.ip_scope import is_ip_literal

if TYPE_CHECKING:
    import aiohttp

__all__ = ["CONNECT_TIMEOUT", "IDLE_TIMEOUT", "MAX_REDIRECTS", "Guard"]

MAX_REDIRECTS = 3
"""Maximum number of redirects."""

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""

IDLE_TIMEOUT = 10.0
"""Seconds to wait for the next bytes."""

_REDIRECT = {301, 302, 303, 307, 308}


class Guard:
    """Fetches client-supplied URLs.

    Args:
        allow_hosts: hosts (``name``, ``name:port`` or an address) that may be requested although their address
            is not public: a model server on the LAN, loopback in tests.
        resolver: replaces the resolver that accounts share, in tests.
        param: the request field that errors point to.
        owner: the account whose URLs it requests, whose name look-ups are counted together.
        connect_timeout: seconds to wait for an address, and for a connection.
        idle_timeout: seconds to wait for the next bytes.
        tls: trusted authorities; None: the system's.
    """

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        *,
        resolver: Resolver | SharedResolver | None = None,
        param: str | None = "input_reference",
        owner: str = "",
        connect_timeout: float = CONNECT_TIMEOUT,
        idle_timeout: float = IDLE_TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = AllowedHosts(allow_hosts)
        self._resolver = resolver or SharedResolver()
        self._param = param
        self._owner = owner
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._tls = tls

    async def fetch(
        self,
        url: str,
        into: Path,
        *,
        limit: int,
        timeout: float,  # noqa: ASYNC109 - its error has a text of its own
        headers: Mapping[str, str] | None = None,
    ) -> int:
        """Download a URL to ``into`` and return its size in bytes.

        Args:
            url: http or https, without credentials.
            into: the file to write; removed if the fetch fails.
            limit: maximum size, in bytes.
            timeout: seconds for everything, redirects included.
            headers: sent to the URL's own origin only, never to a redirect's.

        Raises:
            InvalidUrl: the URL may not be requested.
            UrlUnreachable: no response, an error, too many redirects, too many bytes, too late.
            StorageFault: the file can't be written.
        """
        await _load()
        try:
            async with asyncio.timeout(timeout):
                return await self._follow(self._parse(url), into, limit, dict(headers or {}))
        except TimeoutError as error:
            raise self._unreachable(f"it took longer than {timeout:g} s") from error

    def for_param(self, param: str | None) -> Guard:
        """Return the same guard with errors that point to another field."""
        return self._variant(param, self._owner)

    def for_owner(self, owner: str) -> Guard:
        """Return the same guard for the URLs of an account."""
        return self._variant(self._param, owner)

    def _variant(self, param: str | None, owner: str) -> Guard:
        return Guard(
            self._allowed.hosts,
            resolver=self._resolver,
            param=param,
            owner=owner,
            connect_timeout=self._connect_timeout,
            idle_timeout=self._idle_timeout,
            tls=self._tls,
        )

    async def check_url(self, url: str) -> None:
        """Check whether a URL may be requested, without requesting it.

        Raises:
            InvalidUrl: it may not, or its host has no address now.
            UrlUnreachable: its name could not be looked up in time.
        """
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self._addresses(self._parse(url))
        except TimeoutError as error:
            raise self._invalid(_NOT_PUBLIC) from error

    async def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], within: float, owner: str | None = None
    ) -> int:
        """Send ``body`` and return the response's status; redirects are not followed, the response body is not read.

        Raises:
            InvalidUrl: the URL may not be requested.
            UrlUnreachable: no response, or too late.
        """
        if owner is not None:
            return await self.for_owner(owner).post(url, body, headers=headers, within=within)
        await _load()
        import aiohttp  # noqa: PLC0415 - see _load

        try:
            async with asyncio.timeout(within):
                parsed = self._parse(url)
                async with self._session(await self._addresses(parsed)) as session:
                    request = session.post(parsed, data=body, headers=dict(headers), allow_redirects=False)
                    async with request as response:
                        return response.status
        except TimeoutError as error:
            raise self._unreachable(f"it took longer than {within:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._unreachable("its host did not answer as it should") from error

    def _session(self, addresses: Sequence[str]) -> aiohttp.ClientSession:
        """Create a session that connects to these addresses only, whatever host is requested."""
        import aiohttp  # noqa: PLC0415 - see _load

        from filmgate.net.resolvers import PinnedResolver  # noqa: PLC0415 - the same reason

        connector = aiohttp.TCPConnector(
            resolver=PinnedResolver(addresses), use_dns_cache=False, force_close=True, ssl=self._tls or True
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout, sock_read=self._idle_timeout),
            headers={"Accept-Encoding": "identity", "User-Agent": "filmgate"},
        )

    async def _follow(self, url: yarl.URL, into: Path, limit: int, headers: dict[str, str]) -> int:
        origin = url.origin()
        for _ in range(MAX_REDIRECTS + 1):
            result = await self._get(url, into, limit, headers if url.origin() == origin else {})
            if isinstance(result, int):
                return result
            url = result
        raise self._unreachable(f"it redirects more than {MAX_REDIRECTS} times")

    async def _get(self, url: yarl.URL, into: Path, limit: int, headers: dict[str, str]) -> int | yarl.URL:
        """Write the file and return its size, or return the URL that the host redirects to."""
        import aiohttp  # noqa: PLC0415 - see _load

        addresses = await self._addresses(url)
        try:
            async with (
                self._session(addresses) as session,
                session.get(url, allow_redirects=False, headers=headers) as response,
            ):
                if response.status in _REDIRECT and "Location" in response.headers:
                    return self._parse(response.headers["Location"], url)
                self._check(response, limit)
                return await self._write(response, into, limit)
        except aiohttp.InvalidURL as error:
            raise self._invalid("it can't be read") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The exact cause would reveal details of our network to the client.
            raise self._unreachable("its host did not answer as it should") from error

    def _parse(self, text: str, base: yarl.URL | None = None) -> yarl.URL:
        try:
            return parse_url(text, base)
        except BadUrl as error:
            raise self._invalid(str(error)) from error

    async def _addresses(self, url: yarl.URL) -> list[str]:
        """Return the host's addresses; an error unless all are public or the host is allowed."""
        host, port = url.raw_host or "", url.port or 0
        addresses = [host] if is_ip_literal(host) else await self._resolve_host(host, port)
        if not self._allowed.permits(host, port, addresses):
            raise self._invalid(_NOT_PUBLIC)
        return addresses

    async def _resolve_host(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(self._connect_timeout):
                addresses = list(await self._look_up(host, port))
        except BusyResolver as error:
            raise self._unreachable("its name could not be looked up in time") from error
        except (OSError, UnicodeError) as error:  # the system resolver's timeout is an OSError too
            raise self._invalid(_NOT_PUBLIC) from error
        if not addresses:
            raise self._invalid(_NOT_PUBLIC)
        return addresses

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        if isinstance(self._resolver, SharedResolver):
            return await self._resolver.resolve(self._owner, host, port)
        return await self._resolver(host, port)

    def _check(self, response: aiohttp.ClientResponse, limit: int) -> None:
        if response.status != HTTPStatus.OK:
            raise self._unreachable(f"its host answered {response.status}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._unreachable("its host sent it compressed")
        if (response.content_length or 0) > limit:
            raise self._too_large(limit)

    async def _write(self, response: aiohttp.ClientResponse, into: Path, limit: int) -> int:
        try:
            with files.open_for_writing(into) as file:
                return await self._copy(response, file, limit)
        except BaseException:
            into.unlink(missing_ok=True)  # noqa: ASYNC240 - also when cancelled, where nothing can be awaited
            raise

    async def _copy(self, response: aiohttp.ClientResponse, file: BinaryIO, limit: int) -> int:
        size, block = 0, bytearray()
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > limit:
                raise self._too_large(limit)
            block += chunk
            if len(block) >= files.BLOCK_BYTES:
                await files.write_block(file, block)
                block = bytearray()
        await files.write_block(file, block)
        return size

    def _invalid(self, why: str) -> InvalidUrl:
        return InvalidUrl(f"Invalid URL: {why}.", param=self._param)

    def _unreachable(self, why: str) -> UrlUnreachable:
        return UrlUnreachable(f"The URL could not be fetched: {why}.", param=self._param)

    def _too_large(self, limit: int) -> UrlUnreachable:
        return self._unreachable(f"it has more than {limit / 1024**2:g} MB")


# One text for both cases, so that clients can't probe which names exist in our network.
_NOT_PUBLIC = "its host is unknown or not public"


async def _load() -> None:
    """Import the HTTP client with the first URL, on a thread: it costs 0.15 s of CPU, which startup saves."""
    if "filmgate.net.resolvers" not in sys.modules:
        await asyncio.to_thread(importlib.import_module, "filmgate.net.resolvers")
