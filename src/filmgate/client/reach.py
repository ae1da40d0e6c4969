"""Who can be reached at an address: anybody, the neighbours, or only this machine's own keepers."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from enum import IntEnum

__all__ = ["Reach", "addresses_of", "is_address", "reach_of"]


class Reach(IntEnum):
    """From the open to the closed."""

    PUBLIC = 0  # the internet at large
    PRIVATE = 1  # this machine, or the network that it stands in
    CLOSED = 2  # a cloud's services for its machines, and what is no single host


_CLOSED = frozenset({"168.63.129.16", "100.100.100.200", "fd00:ec2::254"})
"""Clouds' metadata services that don't lie among the link-local addresses."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # an IPv4 address in its last 32 bits


def is_address(host: str) -> bool:
    """Whether a host is an address rather than a name; ``0x7f.1`` and its like are names, and resolve to addresses."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def addresses_of(host: str) -> Sequence[str]:
    """The addresses that a host has now; none where it is unknown, and so can't be asked either."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def reach_of(address: str) -> Reach:
    """Who is there."""
    ip = _carried(ipaddress.ip_address(address))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in _CLOSED:
        return Reach.CLOSED
    return Reach.PUBLIC if ip.is_global else Reach.PRIVATE


def _carried(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one only carries."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
