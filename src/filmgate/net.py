"""The one way out: fetching URLs that strangers name, without being led into our own network.

A host name is resolved once; every address it has must be public; the connection goes to one of those addresses and
to no other, while ``Host`` and TLS go on speaking of the name. Redirects are followed by hand, each checked like the
first URL. Any port may be asked: what makes a service private here is its address, not its number.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

from filmgate.errors import InvalidUrl, StorageFault, UrlUnreachable

__all__ = ["Fetched", "Guard", "Resolver", "is_public"]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to the addresses it has now; OSError if there are none."""

URL_LIMIT = 8192
"""Characters of a URL."""

REDIRECTS = 3
"""Redirects that are followed."""

IDLE_TIMEOUT = 10.0
"""Seconds to wait for a connection, or for the next bytes."""

_BLOCK = 1024 * 1024
_REDIRECT = {301, 302, 303, 307, 308}

# From the IANA registries of special-purpose addresses, kept here because the standard library's view of them
# differs from one Python to the next.
_CLOSED_V4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's own services, under a public address
        "169.254.0.0/16",  # link-local, clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")  # all that was ever given out; loopback, ULA, multicast lie outside
_CLOSED_V6 = [
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: leads to any IPv4 address
        "3fff::/20",  # documentation
    )
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # an IPv4 address in its last 32 bits


class Fetched(Struct, frozen=True, kw_only=True):
    """What was fetched."""

    content_type: str  # as the server said; nobody may trust it
    bytes: int
    final_url: str  # after redirects


class Guard:
    """Fetches URLs that strangers name.

    Args:
        allow_hosts: hosts (``name``, ``name:port`` or an address) that may be fetched from although their address
            is not public: a model server on the LAN, loopback in tests.
        resolver: the system's, or a test's.
        param: the request's field that errors point to.
    """

    def __init__(
        self,
        allow_hosts: Iterable[str] = (),
        *,
        resolver: Resolver | None = None,
        param: str | None = "input_reference",
    ) -> None:
        self._allowed = frozenset(host.lower() for host in allow_hosts)
        self._resolve = resolver or _system_resolver
        self._param = param

    async def fetch(
        self,
        url: str,
        into: Path,
        *,
        limit: int,
        timeout: float,  # noqa: ASYNC109 - its end is an answer with words of its own
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Write what a URL holds to ``into``.

        Args:
            url: http or https, without credentials.
            into: the file to write; removed if the fetch fails.
            limit: bytes it may have.
            timeout: seconds for everything, redirects included.
            headers: sent to the URL's own origin only, never to where it redirects.

        Raises:
            InvalidUrl: it is none that is fetched.
            UrlUnreachable: no answer, an error, too many redirects, too many bytes, too late.
            StorageFault: the file can't be written.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._follow(self._parse(url), into, limit, dict(headers or {}))
        except TimeoutError as error:
            raise self._unreachable(f"it took longer than {timeout:g} s") from error

    def about(self, param: str | None) -> Guard:
        """The same guard, whose errors point to another field."""
        return Guard(self._allowed, resolver=self._resolve, param=param)

    async def check(self, url: str) -> None:
        """Look whether a URL may be asked, without asking it.

        Raises:
            InvalidUrl: it may not, or its host has no address now.
        """
        try:
            async with asyncio.timeout(IDLE_TIMEOUT):
                await self._addresses(self._parse(url))
        except TimeoutError as error:
            raise self._invalid(_NOT_PUBLIC) from error

    async def post(self, url: str, body: bytes, *, headers: Mapping[str, str], within: float) -> int:
        """Send ``body`` and return the status of the answer; redirects are not followed, what it says is not read.

        Raises:
            InvalidUrl: it is none that is asked.
            UrlUnreachable: no answer, or too late.
        """
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
        """A session that connects to these addresses, whatever it is asked for."""
        connector = aiohttp.TCPConnector(resolver=_Pinned(addresses), use_dns_cache=False, force_close=True)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=IDLE_TIMEOUT, sock_read=IDLE_TIMEOUT),
            headers={"Accept-Encoding": "identity", "User-Agent": "filmgate"},
        )

    async def _follow(self, url: yarl.URL, into: Path, limit: int, headers: dict[str, str]) -> Fetched:
        origin = url.origin()
        for _ in range(REDIRECTS + 1):
            answer = await self._get(url, into, limit, headers if url.origin() == origin else {})
            if isinstance(answer, Fetched):
                return answer
            url = answer
        raise self._unreachable(f"it redirects more than {REDIRECTS} times")

    async def _get(self, url: yarl.URL, into: Path, limit: int, headers: dict[str, str]) -> Fetched | yarl.URL:
        """The file, or where to look for it instead."""
        addresses = await self._addresses(url)
        try:
            async with (
                self._session(addresses) as session,
                session.get(url, allow_redirects=False, headers=headers) as response,
            ):
                if response.status in _REDIRECT and "Location" in response.headers:
                    return self._parse(response.headers["Location"], url)
                self._check(response, limit)
                size = await self._write(response, into, limit)
                return Fetched(content_type=response.content_type, bytes=size, final_url=str(url))
        except aiohttp.InvalidURL as error:
            raise self._invalid("it can't be read") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # What exactly went wrong would tell a stranger about our network.
            raise self._unreachable("its host did not answer as it should") from error

    def _parse(self, text: str, base: yarl.URL | None = None) -> yarl.URL:
        if len(text) > URL_LIMIT:
            raise self._invalid(f"it has more than {URL_LIMIT} characters")
        try:
            url = base.join(yarl.URL(text)) if base else yarl.URL(text)
            port = url.port
        except ValueError as error:
            raise self._invalid("it can't be read") from error
        if url.scheme not in {"http", "https"}:
            raise self._invalid("only http and https URLs are fetched")
        if not url.raw_host or not port:
            raise self._invalid("it names no host")
        if url.raw_user is not None or url.raw_password is not None:
            raise self._invalid("it may not hold a user name or a password")
        return url.with_fragment(None)

    async def _addresses(self, url: yarl.URL) -> list[str]:
        """The addresses that may be connected to: all that the host has, or an error if one of them is not public."""
        host, port = url.raw_host or "", url.port or 0
        found = [host] if _literal(host) else await self._ask(host, port)
        name = host.rstrip(".").lower()
        if not {name, f"{name}:{port}"} & self._allowed and not all(map(is_public, found)):
            raise self._invalid(_NOT_PUBLIC)
        return found

    async def _ask(self, host: str, port: int) -> list[str]:
        try:
            found = list(await self._resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise self._invalid(_NOT_PUBLIC) from error
        if not found:
            raise self._invalid(_NOT_PUBLIC)
        return found

    def _check(self, response: aiohttp.ClientResponse, limit: int) -> None:
        if response.status != HTTPStatus.OK:
            raise self._unreachable(f"its host answered {response.status}")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._unreachable("its host sent it compressed")
        if (response.content_length or 0) > limit:
            raise self._too_large(limit)

    async def _write(self, response: aiohttp.ClientResponse, into: Path, limit: int) -> int:
        try:
            with _opened(into) as file:
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
            if len(block) >= _BLOCK:
                await _put(file, block)
                block = bytearray()
        await _put(file, block)
        return size

    def _invalid(self, why: str) -> InvalidUrl:
        return InvalidUrl(f"Invalid URL: {why}.", param=self._param)

    def _unreachable(self, why: str) -> UrlUnreachable:
        return UrlUnreachable(f"The URL could not be fetched: {why}.", param=self._param)

    def _too_large(self, limit: int) -> UrlUnreachable:
        return self._unreachable(f"it has more than {limit / 1024**2:g} MB")


# One sentence for both, so that nobody finds out which names our network knows.
_NOT_PUBLIC = "its host is unknown or not public"


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet: neither ours, nor special, nor a way around to such a one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _CLOSED_V4)
    if ip.scope_id is not None:
        return False
    if ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    if ip in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip in _OPEN_V6 and not any(ip in network for network in _CLOSED_V6)


class _Pinned(AbstractResolver):
    """Knows one answer: the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The same addresses, whatever the name server says by now."""
        del family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _literal(host: str) -> bool:
    """Whether a host is an address rather than a name; ``0x7f.1`` and its like are names, and resolve to addresses."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _system_resolver(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _opened(into: Path) -> BinaryIO:
    try:
        return into.open("wb")
    except OSError as error:
        raise StorageFault("A fetched file can't be written.") from error


async def _put(file: BinaryIO, block: bytearray) -> None:
    try:
        await asyncio.to_thread(_write_out, file, block)
    except OSError as error:
        raise StorageFault("A fetched file can't be written.") from error


def _write_out(file: BinaryIO, block: bytearray) -> None:
    file.write(block)
    file.flush()  # here, so that a full disk is not found by the file's closing
