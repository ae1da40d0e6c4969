"""Resolvers of the HTTP client: they return checked addresses only."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from filmgate.net.addresses import AllowedHosts, Resolver

__all__ = ["CheckedResolver", "PinnedResolver"]


class PinnedResolver(AbstractResolver):
    """Resolves every name to the addresses that were checked, so that a changed DNS record has no effect."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses, for any host."""
        del family
        return [_result(host, port, address) for address in self._addresses]

    async def close(self) -> None:
        """Do nothing: there are no resources."""


class CheckedResolver(AbstractResolver):
    """Resolves and checks a host for each new connection, so that the address checked is the address used."""

    def __init__(self, resolver: Resolver, allowed: AllowedHosts) -> None:
        self._resolve = resolver
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses to connect to.

        Raises:
            OSError: the host has no address, or one that may not be connected to.
        """
        del family
        addresses = list(await self._resolve(host, port))
        if not addresses or not self._allowed.permits(host, port, addresses):
            raise OSError("the host is unknown or not public")
        return [_result(host, port, address) for address in addresses]

    async def close(self) -> None:
        """Do nothing: there are no resources."""


def _result(host: str, port: int, address: str) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
