"""The address of the server in its links: by setting, by a trusted proxy, by the request."""

from __future__ import annotations

from typing import Any

import pytest

from filmgate.config.settings import Settings
from filmgate.server.addresses import Addresses, is_local, public_root

LOOPBACK = Settings().trusted_proxies


def _scope(headers: dict[str, str], client: str = "127.0.0.1") -> dict[str, Any]:
    return {
        "scheme": "http",
        "client": (client, 1234),
        "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, "http://videos.example"),
        ({"x-forwarded-proto": "https"}, "https://videos.example"),
        ({"x-forwarded-proto": "HTTPS", "x-forwarded-host": "a.example:8443"}, "https://a.example:8443"),
        (
            {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-port": "8443"},
            "https://a.example:8443",
        ),
        (
            {"x-forwarded-proto": "https", "x-forwarded-host": "a.example", "x-forwarded-port": "443"},
            "https://a.example",
        ),
        ({"x-forwarded-prefix": "/sora/"}, "http://videos.example/sora"),
        ({"x-forwarded-prefix": "/a/b"}, "http://videos.example/a/b"),
        ({"forwarded": 'for=1.2.3.4;proto=https;host="a.example:8443"'}, "https://a.example:8443"),
        ({"forwarded": "for=6.6.6.6;host=evil.example, for=1.2.3.4;proto=https"}, "https://videos.example"),
        ({"x-forwarded-host": "evil.example, a.example"}, "http://a.example"),
        ({"x-forwarded-proto": "javascript"}, "http://videos.example"),
        ({"x-forwarded-host": "a.example/path"}, "http://videos.example"),
        ({"x-forwarded-host": "user@a.example"}, "http://videos.example"),
        ({"x-forwarded-host": 'a"><script>'}, "http://videos.example"),
        ({"x-forwarded-port": "443;x"}, "http://videos.example"),
        ({"x-forwarded-prefix": "//evil.example"}, "http://videos.example"),
        ({"x-forwarded-prefix": "/a/../b"}, "http://videos.example"),
        ({"x-forwarded-prefix": "/a?b"}, "http://videos.example"),
        ({"host": "[::1]:8000"}, "http://[::1]:8000"),
        ({"host": 'videos.example"'}, "http://127.0.0.1:8000"),
        ({"host": ""}, "http://127.0.0.1:8000"),
        ({"host": "[::1:8000"}, "http://127.0.0.1:8000"),
        ({"host": "videos.example:80"}, "http://videos.example:80"),
        ({"host": "my_container:8000"}, "http://my_container:8000"),
        ({"host": "videos.example:8443", "x-forwarded-port": "443"}, "http://videos.example:8443"),
        ({"x-forwarded-port": "8080"}, "http://videos.example:8080"),
        ({"x-forwarded-port": "99999"}, "http://videos.example"),
        ({"x-forwarded-port": ""}, "http://videos.example"),
        ({"x-forwarded-host": ""}, "http://videos.example"),
        ({"x-forwarded-host": "a" * 300}, "http://videos.example"),
        ({"x-forwarded-prefix": "/evil, /"}, "http://videos.example"),
        ({"forwarded": "host=evil.example;proto=https", "x-forwarded-host": "a.example"}, "https://a.example"),
        ({"forwarded": 'for="[::1]:4711";Host=a.example ; PROTO=https'}, "https://a.example"),
        ({"forwarded": "nonsense;;=;host"}, "http://videos.example"),
    ],
)
def test_a_trusted_proxy_names_the_origin(headers: dict[str, str], origin: str) -> None:
    """The last value counts, and what can't be part of a URL is ignored."""
    assert Addresses(trusted_proxies=LOOPBACK).root(_scope({"host": "videos.example"} | headers)) == origin


@pytest.mark.parametrize("client", ["203.0.113.9", "2001:db8::1", "", "not an address"])
def test_other_clients_are_not_believed(client: str) -> None:
    """Only the configured proxies may say how they were reached."""
    forwarded = {"host": "videos.example", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    assert Addresses(trusted_proxies=LOOPBACK).root(_scope(forwarded, client)) == "http://videos.example"


@pytest.mark.parametrize("client", ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7"])
def test_proxies_are_configured_as_networks_and_addresses(client: str) -> None:
    """An IPv4 address counts also where a dual-stack socket shows it as IPv6."""
    addresses = Addresses(trusted_proxies=("10.0.0.0/8", "192.0.2.7"))
    assert addresses.root(_scope({"host": "a", "x-forwarded-proto": "https"}, client)) == "https://a"


def test_all_values_of_a_repeated_header_are_one_list() -> None:
    """The proxy's own header follows the client's."""
    scope = _scope({"host": "videos.example"})
    scope["headers"] = [(b"x-forwarded-host", b"evil.example"), (b"x-forwarded-host", b"a.example")]
    assert Addresses(trusted_proxies=LOOPBACK).root(scope) == "http://a.example"


def test_a_request_that_reached_no_middleware_has_an_address() -> None:
    """It is that of the request, and nothing is believed."""
    assert public_root(_scope({"host": "a", "x-forwarded-proto": "https"})) == "http://a"


def test_the_setting_decides() -> None:
    """With a public URL no header counts."""
    addresses = Addresses("https://videos.example/sora", LOOPBACK)
    assert addresses.root(_scope({"host": "b", "x-forwarded-host": "c"})) == "https://videos.example/sora"


@pytest.mark.parametrize(
    ("headers", "client", "direct"),
    [
        ({"host": "127.0.0.1:8000"}, "127.0.0.1", True),
        ({"host": "localhost"}, "::1", True),
        ({"host": "[::1]:8000"}, "::1", True),
        ({"host": "attacker.example"}, "127.0.0.1", False),
        ({"host": "localhost"}, "203.0.113.9", False),
        ({"host": "localhost", "x-forwarded-for": "1.2.3.4"}, "127.0.0.1", False),
        ({"host": "LOCALHOST:8000"}, "127.0.0.1", True),
        ({"host": "localhost.attacker.example"}, "127.0.0.1", False),
        ({"host": "localhost", "x-forwarded-whatever": "1"}, "127.0.0.1", False),
        ({"host": "localhost", "cf-connecting-ip": "1.2.3.4"}, "127.0.0.1", False),
        ({"host": "localhost", "via": "1.1 proxy"}, "127.0.0.1", False),
    ],
)
def test_what_comes_from_this_machine_itself(headers: dict[str, str], client: str, *, direct: bool) -> None:
    """Neither through a proxy nor for another host's name."""
    assert is_local(_scope(headers, client)) is direct
