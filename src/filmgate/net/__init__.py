"""The ways out: :class:`Guard` fetches what strangers name, :class:`Client` speaks to an upstream of the operator's.

Both connect to addresses that were checked and to no other, follow no redirect unlooked at, and take neither cookies
nor proxies from anywhere.
"""

from __future__ import annotations

from filmgate.net.addresses import Resolver
from filmgate.net.client import Client, Fault, Reply
from filmgate.net.download import Refused, Unwanted, download
from filmgate.net.guard import Guard

__all__ = [
    "Client",
    "Fault",
    "Guard",
    "Refused",
    "Reply",
    "Resolver",
    "Unwanted",
    "download",
]
