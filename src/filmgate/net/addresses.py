"""Which addresses may be connected to, and how a name gets to one."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = [
    "URL_LIMIT",
    "Allowed",
    "BadUrl",
    "Checking",
    "Pinned",
    "Resolver",
    "is_literal",
    "is_public",
    "parse_url",
    "system_resolver",
]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to the addresses it has now; OSError if there are none."""

URL_LIMIT = 8192
"""Characters of a URL."""

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


class BadUrl(ValueError):
    """A URL that is not asked; its text says why, and nothing about our network."""


def parse_url(text: str, base: yarl.URL | None = None, *, encoded: bool = False) -> yarl.URL:
    """An absolute http(s) URL that names a host and no credentials, without its fragment.

    Args:
        text: as somebody wrote it, or relative to ``base``.
        base: the URL that led here.
        encoded: leave its spelling alone, for a signature may depend on it.

    Raises:
        BadUrl: it is none.
    """
    if len(text) > URL_LIMIT:
        raise BadUrl(f"it has more than {URL_LIMIT} characters")
    try:
        given = yarl.URL(text, encoded=encoded and text.isascii())
        url = base.join(given) if base else given
        port = url.port
    except ValueError as error:
        raise BadUrl("it can't be read") from error
    if url.scheme not in {"http", "https"}:
        raise BadUrl("only http and https URLs are fetched")
    if not url.raw_host or not port:
        raise BadUrl("it names no host")
    if url.raw_user is not None or url.raw_password is not None:
        raise BadUrl("it may not hold a user name or a password")
    return url.with_fragment(None)


class Allowed:
    """The hosts (``name``, ``name:port`` or an address) that may be asked although their address is not public."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.hosts = frozenset(host.lower() for host in hosts)

    def permits(self, host: str, port: int, addresses: Iterable[str]) -> bool:
        """Whether a host that has these addresses may be asked: if it is named here, or all of them are public."""
        name = host.rstrip(".").lower()
        return bool({name, f"{name}:{port}"} & self.hosts) or all(map(is_public, addresses))


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


def is_literal(host: str) -> bool:
    """Whether a host is an address rather than a name; ``0x7f.1`` and its like are names, and resolve to addresses."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Pinned(AbstractResolver):
    """Knows one answer: the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The same addresses, whatever the name server says by now."""
        del family
        return [_result(host, port, address) for address in self._addresses]

    async def close(self) -> None:
        """Nothing is held."""


class Checking(AbstractResolver):
    """Resolves each time that a connection is made, and lets through what is allowed: what is checked is used."""

    def __init__(self, resolver: Resolver, allowed: Allowed) -> None:
        self._resolve = resolver
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses to connect to.

        Raises:
            OSError: there are none, or one of them may not be connected to.
        """
        del family
        found = list(await self._resolve(host, port))
        if not found or not self._allowed.permits(host, port, found):
            raise OSError("the host is unknown or not public")
        return [_result(host, port, address) for address in found]

    async def close(self) -> None:
        """Nothing is held."""


async def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _result(host: str, port: int, address: str) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
