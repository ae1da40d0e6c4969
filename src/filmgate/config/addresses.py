"""Checks the settings that hold addresses: the public URL, trusted proxies and origins of web pages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from ipaddress import IPv6Address, ip_network
from typing import Final
from urllib.parse import urlsplit

__all__ = ["is_authority", "is_path_prefix", "parse_networks", "parse_origins", "parse_public_url"]

MAX_LENGTH: Final = 255
"""Maximum characters of a host with its port, and of a path prefix."""

_AUTHORITY = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@,\s]+")
_MAX_PORT: Final = 65_535


def is_authority(text: str) -> bool:
    """Whether a text is ``host`` or ``host:port``: an address, or a name, also with underscores as in containers.

    A name with other letters is written in ASCII ("xn--…").
    """
    found = _AUTHORITY.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found is None or int(found["port"] or 0) > _MAX_PORT:
        return False
    return found["v6"] is None or _is_v6(found["v6"])


def is_path_prefix(text: str) -> bool:
    """Whether a text is empty or a path such as ``/a/b``: plain characters, no slash at its end, no dot segments."""
    if len(text) > MAX_LENGTH or (text and not text.startswith("/")):
        return False
    segments = text.split("/")[1:]
    return all(_SEGMENT.fullmatch(segment) and segment.strip(".") for segment in segments)


def parse_public_url(text: str) -> str:
    """Return a public URL without a slash at its end; empty stays empty.

    Raises:
        ValueError: says what is wrong.
    """
    if not text:
        return ""
    url = urlsplit(text)
    path = url.path.rstrip("/")
    if url.scheme not in {"http", "https"}:
        raise ValueError("expected a URL that begins with http:// or https://")
    if "@" in url.netloc:
        raise ValueError("it can't hold a user name or password")
    if not is_authority(url.netloc):
        raise ValueError("expected a host, or host:port, in ASCII")
    if url.query or url.fragment or not is_path_prefix(path):
        raise ValueError("expected nothing behind the host, or a path such as /sora")
    if path.endswith("/v1"):
        raise ValueError("it ends before the /v1 of the API")
    return f"{url.scheme}://{url.netloc}{path}"


def parse_networks(values: Iterable[str]) -> tuple[str, ...]:
    """Return networks in their short forms (``10.0.0.0/8``, ``::1/128``), from addresses and networks.

    Raises:
        ValueError: one is neither.
    """
    return tuple(str(ip_network(value)) for value in values)


def parse_origins(values: Collection[str]) -> tuple[str, ...]:
    """Return origins as browsers write them, from ``scheme://host[:port]``, ``null`` and ``*``.

    Raises:
        ValueError: one is none of them, or ``*`` is not the only one.
    """
    origins = tuple(value.lower().removesuffix("/") for value in values)
    if "*" in origins and len(origins) > 1:
        raise ValueError("'*' stands alone")
    wrong = [origin for origin in origins if origin not in {"*", "null"} and not _ORIGIN.fullmatch(origin)]
    if wrong:
        raise ValueError(f"expected '*', 'null' or scheme://host[:port], got '{wrong[0]}'")
    return origins


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
