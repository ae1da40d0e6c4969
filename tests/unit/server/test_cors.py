"""Which pages may call, by setting; what a preflight is answered with."""

from __future__ import annotations

from typing import Any

import pytest

from filmgate.server.cors import MAX_ASKED_BYTES, CorsPolicy

PAGE = "https://page.example"


def _scope(method: str = "GET", path: str = "/v1/videos", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"method": method, "path": path, "headers": pairs}


def _preflight(policy: CorsPolicy, **headers: str) -> dict[bytes, bytes]:
    headers = {"origin": PAGE, "access_control_request_method": "POST"} | headers
    response = policy.preflight(_scope("OPTIONS", **headers))
    assert response is not None
    return dict(response.headers)


def test_with_all_origins_every_answer_is_the_same() -> None:
    """A cache needs no variants."""
    policy = CorsPolicy(("*",))
    assert policy.headers(_scope()) is policy.headers(_scope(origin=PAGE))
    assert dict(policy.headers(_scope()))[b"access-control-allow-origin"] == b"*"
    assert not any(b"credentials" in name for name, _ in policy.headers(_scope(origin=PAGE)))


@pytest.mark.parametrize("origin", [PAGE, "null", "HTTPS://PAGE.example"])
def test_a_listed_origin_is_repeated(origin: str) -> None:
    """As the browser wrote it."""
    headers = dict(CorsPolicy((PAGE, "null")).headers(_scope(origin=origin)))
    assert headers[b"access-control-allow-origin"] == origin.encode()
    assert headers[b"vary"] == b"Origin"


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"origin": f"{PAGE}.evil.example"}])
def test_other_origins_get_the_variant_alone(headers: dict[str, str]) -> None:
    """A cached answer to them must not be shown to a listed page, nor the other way round."""
    assert CorsPolicy((PAGE,)).headers(_scope(**headers)) == ((b"vary", b"Origin"),)


def test_without_origins_nothing_is_added() -> None:
    """OPTIONS is then like any other method."""
    assert CorsPolicy().headers(_scope(origin=PAGE)) == ()
    assert CorsPolicy().preflight(_scope("OPTIONS", origin=PAGE, access_control_request_method="POST")) is None


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/videos", {"origin": PAGE, "access_control_request_method": "POST"}),
        ("OPTIONS", "/v1/videos", {"origin": PAGE}),
        ("OPTIONS", "/v1/videos", {"access_control_request_method": "POST"}),
        ("OPTIONS", "/metrics", {"origin": PAGE, "access_control_request_method": "GET"}),
    ],
)
def test_what_is_no_preflight(method: str, path: str, headers: dict[str, str]) -> None:
    """It needs the method, the origin and the question; the operator's paths have none."""
    assert CorsPolicy(("*",)).preflight(_scope(method, path, **headers)) is None


@pytest.mark.parametrize("asked", ["", "a\r\nset-cookie: b", "a(b)", "é", "x" * (MAX_ASKED_BYTES + 1)])
def test_no_other_text_is_repeated(asked: str) -> None:
    """Only a list of header names, of bounded length."""
    assert b"access-control-allow-headers" not in _preflight(CorsPolicy(("*",)), access_control_request_headers=asked)


def test_private_networks_are_for_listed_pages() -> None:
    """The default lets every page of the internet call, but not into a visitor's own network."""
    asked, granted = {"access_control_request_private_network": "true"}, b"access-control-allow-private-network"
    assert granted not in _preflight(CorsPolicy(("*",)), **asked)
    assert _preflight(CorsPolicy((PAGE,)), **asked)[granted] == b"true"
    assert granted not in _preflight(CorsPolicy((PAGE,)))
    assert granted not in _preflight(CorsPolicy((PAGE,)), origin="https://evil.example", **asked)
