"""Addresses, names and URLs that the guard accepts and refuses."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
from tests.support.net import PUBLIC, Names

from filmgate.errors import InvalidUrl
from filmgate.net.guard import Guard
from filmgate.security.ip_scope import is_public

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def fetch(names: Names, tmp_path: Path) -> Callable[..., Awaitable[int]]:
    """Fetch with a guard that lets ``media.example`` through."""
    guard = Guard(["media.example"], resolver=names)

    async def fetch(url: str, *, limit: int = 10_000, patience: float = 60.0, **headers: str) -> int:
        return await guard.fetch(url, tmp_path / "file", limit=limit, timeout=patience, headers=headers)

    return fetch


Fetch = Callable[..., Awaitable[int]]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://localhost/",
        "http://0/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://168.63.129.16/",
        "http://172.31.255.255/",
        "http://192.168.1.1:8080/",
        "http://198.18.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001::1]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25lo]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[2001:db8::1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[2002:0808:0808::1]/",
        "http://127.0.0.1./",
        "http://localhost./",
        "http://LOCALHOST/",
        "http://017700000001/",
        "http://0x7f000001:8080/",
        "http://127.0.0.1:0080/",
        "http://ⓛocalhost/",
        "http://127。0。0。1/",
    ],
)
async def test_no_spelling_of_a_private_address_is_fetched(tmp_path: Path, url: str) -> None:
    """Every notation of an address is refused before a connection is made; this test uses the real resolver."""
    with pytest.raises(InvalidUrl, match=r"not public|can't be read"):
        await Guard().fetch(url, tmp_path / "file", limit=100, timeout=60)


@pytest.mark.parametrize(
    "answer", [["10.0.0.7"], [PUBLIC, "127.0.0.1"], ["::1"], [PUBLIC, "::ffff:10.0.0.1"], ["fe80::1%eth0"], []]
)
async def test_every_address_of_a_name_must_be_public(tmp_path: Path, answer: list[str]) -> None:
    """One private address among public ones is enough to refuse the name."""
    guard = Guard(resolver=Names(mixed=[answer]))
    with pytest.raises(InvalidUrl):
        await guard.fetch("http://mixed.example/", tmp_path / "file", limit=100, timeout=60)


async def test_a_private_name_and_an_unknown_name_give_the_same_error(fetch: Fetch) -> None:
    """The error does not reveal which names exist in our network, nor their addresses."""
    messages = []
    for host in ("inner.example", "nowhere.example"):
        with pytest.raises(InvalidUrl) as caught:
            await fetch(f"http://{host}/")
        messages.append(caught.value.message)
    assert messages == ["Invalid URL: its host is unknown or not public."] * 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://public.example/", "only http and https"),
        ("gopher://public.example/", "only http and https"),
        ("data:,x", "only http and https"),
        ("image.png", "only http and https"),
        ("", "only http and https"),
        ("http://", "can't be read|no host"),
        ("http:///image.png", "can't be read|no host"),
        ("http://user@public.example/", "user name"),
        ("http://user:secret@public.example/", "user name"),
        ("http://public.example:99999/", "can't be read"),
        ("http://public.example:0/", "no host"),
        ("http://[::1/", "can't be read"),
        ("http://\ud800/", "can't be read|not public"),
        ("http://a b/", "can't be read|not public"),
        ("http://public.example/" + "x" * 9000, "8192 characters"),
    ],
)
async def test_an_unusable_url_is_refused_with_the_reason(fetch: Fetch, url: str, words: str) -> None:
    """The error is a 400 with the field and the reason."""
    with pytest.raises(InvalidUrl, match=words) as caught:
        await fetch(url)
    assert (caught.value.http_status, caught.value.param) == (400, "input_reference")
    assert "secret" not in caught.value.message


async def test_a_silent_name_server_causes_a_timeout(tmp_path: Path) -> None:
    """Resolving has its own timeout."""

    async def silent(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    guard = Guard(resolver=silent, connect_timeout=0.05)
    with pytest.raises(InvalidUrl):
        await guard.fetch("http://public.example/", tmp_path / "file", limit=100, timeout=60)
    with pytest.raises(InvalidUrl):
        await guard.for_param("url").check_url("http://public.example/")


def test_loopback_is_never_public() -> None:
    """No loopback address is public, in either family or as an IPv4-mapped address."""
    for address in ipaddress.IPv4Network("127.0.0.0/28"):
        assert not is_public(str(address))
        assert not is_public(f"::ffff:{address}")
        assert not is_public(str(ipaddress.IPv6Address((0x64FF9B << 96) | int(address))))
