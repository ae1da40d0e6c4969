"""Outbound URLs: how they are parsed, which hosts are allowed, and how a host name is resolved."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import yarl

from filmgate.security.ip_scope import is_public

__all__ = [
    "URL_LIMIT",
    "AllowedHosts",
    "BadUrl",
    "Resolver",
    "parse_url",
    "system_resolver",
]

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Maps a host name and a port to the host's current addresses; raises OSError if it has none."""

URL_LIMIT = 8192
"""Maximum length of a URL, in characters."""


class BadUrl(ValueError):
    """A URL that is not requested; its text gives the reason and reveals nothing about our network."""


def parse_url(text: str, base: yarl.URL | None = None, *, encoded: bool = False) -> yarl.URL:
    """Parse an absolute http(s) URL that has a host and no credentials; drop its fragment.

    Args:
        text: an absolute URL, or one relative to ``base``.
        base: the URL that redirected here.
        encoded: keep the percent-encoding as it is, because a signature may depend on it.

    Raises:
        BadUrl: ``text`` is no such URL.
    """
    if len(text) > URL_LIMIT:
        raise BadUrl(f"it has more than {URL_LIMIT} characters")
    try:
        parsed = yarl.URL(text, encoded=encoded and text.isascii())
        url = base.join(parsed) if base else parsed
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


class AllowedHosts:
    """Hosts (``name``, ``name:port`` or an address) that may be requested although their address is not public."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.hosts = frozenset(host.lower() for host in hosts)

    def permits(self, host: str, port: int, addresses: Iterable[str]) -> bool:
        """Whether a host with these addresses may be requested: it is listed here, or all of them are public."""
        name = host.rstrip(".").lower()
        return bool({name, f"{name}:{port}"} & self.hosts) or all(map(is_public, addresses))


async def system_resolver(host: str, port: int) -> list[str]:
    """Resolve with the operating system's resolver."""
    results = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in results]
