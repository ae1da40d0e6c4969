"""The address of the server as the client typed it, through any proxies; links in answers begin with it.

A proxy that ends TLS or removes a path prefix says so in headers, which any client can send, too. So they count only
where the connection comes from a trusted proxy. Of a list the last value counts: the nearest proxy appended it, while
those before it may be the client's own. ``X-Forwarded-*`` go before ``Forwarded``. A value that is no scheme, host,
port or clean path is ignored.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import Scope

from filmgate.config.addresses import is_authority, is_path_prefix
from filmgate.security.ip_scope import is_loopback

__all__ = ["ADDRESSES_KEY", "Addresses", "is_local", "public_root"]

ADDRESSES_KEY: Final = "filmgate.addresses"
"""Scope key of the server's :class:`Addresses`."""

_PORT: Final = re.compile(rb":[0-9]{1,5}$")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_FORWARDING: Final = frozenset(
    {b"forwarded", *(b"x-forwarded-" + name for name in (b"proto", b"host", b"port", b"prefix"))}
)
_PROXY_HEADERS: Final = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"via", b"cf-connecting-ip", b"true-client-ip")


class Addresses:
    """Finds the public address of a request.

    Args:
        public_url: the address of all requests, without a slash at its end; empty: each has its own.
        trusted_proxies: networks whose forwarding headers are believed.
    """

    def __init__(self, public_url: str = "", trusted_proxies: tuple[str, ...] = ()) -> None:
        self._public_url = public_url
        self._networks = [ip_network(network) for network in trusted_proxies]
        self._is_trusted = lru_cache(maxsize=1024)(self._in_networks)

    def root(self, scope: Scope) -> str:
        """Return ``scheme://host[:port][/prefix]`` of a request, without a slash at its end."""
        if self._public_url:
            return self._public_url
        host, forwarded = "", {}
        client = scope.get("client")
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1")
            elif name in _FORWARDING and client is not None and self._is_trusted(client[0]):
                forwarded[name] = value.decode("latin-1").rpartition(",")[2].strip()
        if not is_authority(host):
            host = _listener(scope)
        return _forwarded_root(scope["scheme"], host, forwarded) if forwarded else f"{scope['scheme']}://{host}"

    def _in_networks(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return any((mapped or ip) in network for network in self._networks)


_UNTRUSTING = Addresses()


def public_root(scope: Scope) -> str:
    """Return the address of the server as the client of a request typed it, without a slash at its end."""
    addresses: Addresses = scope.get(ADDRESSES_KEY, _UNTRUSTING)
    return addresses.root(scope)


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine, through no proxy, and names this machine as its host.

    The name of another host is a page's, whose DNS answers changed to this machine's address after it was loaded.
    """
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        return False
    return not any(
        name.startswith(_PROXY_HEADERS) or (name == b"host" and not _names_loopback(value))
        for name, value in scope["headers"]
    )


def _names_loopback(host: bytes) -> bool:
    name = host.decode("latin-1").rpartition(":")[0] if _PORT.search(host) else host.decode("latin-1")
    return name.lower() == "localhost" or is_loopback(name.strip("[]"))


def _listener(scope: Scope) -> str:
    """The address that the connection reached."""
    host, port = scope.get("server") or ("localhost", None)
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def _forwarded_root(scheme: str, host: str, forwarded: dict[bytes, str]) -> str:
    element = _forwarded_element(forwarded.get(b"forwarded", ""))
    scheme = next(filter(_DEFAULT_PORTS.get, _values(forwarded, b"proto", element)), scheme)
    host = next(filter(is_authority, _values(forwarded, b"host", element)), host)
    port = forwarded.get(b"x-forwarded-port", "")
    if port != _DEFAULT_PORTS[scheme] and is_authority(f"{host}:{port}") and port:
        host = f"{host}:{port}"  # the host has no port of its own, or it would have two
    prefix = forwarded.get(b"x-forwarded-prefix", "").rstrip("/")
    return f"{scheme}://{host}{prefix if is_path_prefix(prefix) else ''}"


def _values(forwarded: dict[bytes, str], name: bytes, element: dict[str, str]) -> tuple[str, str]:
    """The value of ``X-Forwarded-…``, then that of ``Forwarded``; empty where there is none."""
    return forwarded.get(b"x-forwarded-" + name, "").lower(), element.get(name.decode(), "").lower()


def _forwarded_element(text: str) -> dict[str, str]:
    """The pairs of an element of ``Forwarded``.

    No scheme or host holds a comma, a semicolon or an escape, so cutting at them inside of quotes loses no valid value.
    """
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
