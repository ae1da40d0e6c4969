"""IP scopes: one table for the server's outbound guard and for the SDK's redirect check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.client.downloading import save
from filmgate.client.effects import ApiResponse, Open
from filmgate.client.retrying import ClientState
from filmgate.errors import UnexpectedAnswer
from filmgate.net.addresses import AllowedHosts
from filmgate.security.ip_scope import IpScope, is_ip_literal, is_loopback, scope_of

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC, PRIVATE, RESERVED = IpScope

SCOPES = {
    "8.8.8.8": PUBLIC,
    "93.184.216.34": PUBLIC,
    "100.128.0.1": PUBLIC,
    "172.32.0.1": PUBLIC,
    "2606:4700::1111": PUBLIC,
    "::ffff:8.8.8.8": PUBLIC,
    "64:ff9b::808:808": PUBLIC,
    "10.1.2.3": PRIVATE,
    "100.64.0.1": PRIVATE,
    "127.0.0.1": PRIVATE,
    "172.31.255.255": PRIVATE,
    "192.168.0.1": PRIVATE,
    "198.18.0.1": PRIVATE,
    "::1": PRIVATE,
    "::ffff:192.168.0.1": PRIVATE,
    "64:ff9b::a00:1": PRIVATE,
    "fc00::1": PRIVATE,
    "fec0::1": PRIVATE,
    "0.0.0.0": RESERVED,  # noqa: S104 - classified, not bound to
    "100.100.100.200": RESERVED,
    "168.63.129.16": RESERVED,
    "169.254.169.254": RESERVED,
    "192.0.0.9": RESERVED,
    "192.0.0.10": RESERVED,
    "192.0.2.1": RESERVED,
    "192.88.99.1": RESERVED,
    "224.0.0.1": RESERVED,
    "240.0.0.1": RESERVED,
    "::": RESERVED,
    "::8.8.8.8": RESERVED,
    "64:ff9b::a9fe:a9fe": RESERVED,
    "64:ff9b:1::1": RESERVED,
    "2001::1": RESERVED,
    "2001:db8::1": RESERVED,
    "2002:808:808::1": RESERVED,
    "2002:a9fe:a9fe::1": RESERVED,
    "3fff::1": RESERVED,
    "4000::1": RESERVED,
    "5f00::1": RESERVED,
    "fd00:ec2::254": RESERVED,
    "fe80::1": RESERVED,
    "ff02::1": RESERVED,
}

each_address = pytest.mark.parametrize(("address", "scope"), SCOPES.items())


@each_address
def test_an_address_has_a_scope(address: str, scope: IpScope) -> None:
    """An IPv6 address that wraps an IPv4 one has the scope of that one."""
    assert scope_of(address) is scope


@pytest.mark.parametrize("text", ["", "name", "127.1", "0x7f000001", "2606:4700::1111%eth0", "fe80::1%eth0"])
def test_other_text_and_zoned_addresses_are_reserved(text: str) -> None:
    """Text that cannot be classified is refused."""
    assert scope_of(text) is RESERVED


@pytest.mark.parametrize(("host", "literal"), [("127.0.0.1", True), ("::1", True), ("127.1", False), ("a.b", False)])
def test_shorthand_addresses_are_names(host: str, *, literal: bool) -> None:
    """``127.1`` is resolved, and its address is classified then."""
    assert is_ip_literal(host) is literal


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_loopback_is_recognised_in_both_families(host: str, *, loopback: bool) -> None:
    """Only addresses count; a name is resolved elsewhere."""
    assert is_loopback(host) is loopback


@each_address
def test_the_server_connects_to_public_addresses_only(address: str, scope: IpScope) -> None:
    """Unless the operator allows the host."""
    assert AllowedHosts([]).permits("media.example", 443, [address]) is (scope is PUBLIC)
    assert AllowedHosts(["media.example"]).permits("media.example", 443, [address])


@each_address
def test_the_sdk_follows_a_public_server_to_public_addresses_only(address: str, scope: IpScope, tmp_path: Path) -> None:
    """The server and the SDK agree on every address."""
    assert follows("https://93.184.216.34/v1", address, tmp_path) is (scope is PUBLIC)


@each_address
def test_the_sdk_follows_a_private_server_to_private_addresses_too(
    address: str, scope: IpScope, tmp_path: Path
) -> None:
    """A server on the LAN may redirect within the LAN, but not to link-local addresses or cloud metadata."""
    assert follows("http://10.0.0.7/v1", address, tmp_path) is (scope is not RESERVED)


def follows(base_url: str, address: str, folder: Path) -> bool:
    """Whether a download follows the redirect of the server at ``base_url`` to ``address``."""
    download = save(ClientState(api_address=base_url), "video_1", folder / "video.mp4")
    assert isinstance(download.send(None), Open)
    host = f"[{address}]" if ":" in address else address
    try:
        effect = download.send(ApiResponse(302, {"location": f"http://{host}/video.mp4"}))
    except UnexpectedAnswer:
        return False
    assert isinstance(effect, Open)
    return effect.request.url == f"http://{host}/video.mp4"
