"""Classifies an IP address as public, private (LAN, loopback) or reserved (link-local, cloud metadata).

The server's outbound guard and the SDK's redirect check share this table. It is our own copy of the IANA registries
of special-purpose addresses, because the standard library's ``is_global`` differs between Python versions.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["IpScope", "is_ip_literal", "is_loopback", "is_public", "scope_of"]


class IpScope(IntEnum):
    """How far an address reaches, from open to closed."""

    PUBLIC = 0  # the internet
    PRIVATE = 1  # this machine or its local network
    RESERVED = 2  # link-local, cloud metadata, no single host, or a tunnel that leads to any other address


_RESERVED_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "100.100.100.200/32",  # a cloud's metadata, inside the carriers' NAT range
        "168.63.129.16/32",  # a cloud's own services, at a public address
        "169.254.0.0/16",  # link-local, cloud metadata
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_PRIVATE_V4 = [
    IPv4Network(network)
    for network in (
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",  # loopback
        "172.16.0.0/12",  # private
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks; local proxies resolve every public name to one of these ("fake IP")
    )
]
_RESERVED_V6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: leads to any IPv4 address
        "3fff::/20",  # documentation
        "fd00:ec2::254/128",  # a cloud's metadata, at a private address
    )
]
_PRIVATE_V6 = [
    IPv6Network(network)
    for network in (
        "::1/128",  # loopback
        "fc00::/7",  # unique local
        "fec0::/10",  # site-local, deprecated
    )
]
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has allocated
_NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address in the last 32 bits


def scope_of(address: str) -> IpScope:
    """The scope of an IPv4 or IPv6 address; RESERVED for text that is no address or has an IPv6 zone (``%eth0``)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return IpScope.RESERVED
    if isinstance(ip, IPv4Address):
        return _scope_v4(ip)
    if ip.scope_id is not None:
        return IpScope.RESERVED
    embedded = _embedded_v4(ip)
    return _scope_v6(ip) if embedded is None else _scope_v4(embedded)


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet."""
    return scope_of(address) is IpScope.PUBLIC


def is_loopback(host: str) -> bool:
    """Whether a host is an address of this machine's loopback interface, also as an IPv4-mapped IPv6 address."""
    try:
        ip = ip_address(host)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def is_ip_literal(host: str) -> bool:
    """Whether a host is an address rather than a name; ``0x7f.1`` and the like are names that resolve to addresses."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _embedded_v4(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to a NAT64 or IPv4-mapped address reach."""
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped


def _scope_v4(ip: IPv4Address) -> IpScope:
    if any(ip in network for network in _RESERVED_V4):
        return IpScope.RESERVED
    return IpScope.PRIVATE if any(ip in network for network in _PRIVATE_V4) else IpScope.PUBLIC


def _scope_v6(ip: IPv6Address) -> IpScope:
    if any(ip in network for network in _RESERVED_V6):
        return IpScope.RESERVED
    if any(ip in network for network in _PRIVATE_V6):
        return IpScope.PRIVATE
    return IpScope.PUBLIC if ip in _GLOBAL_UNICAST else IpScope.RESERVED
