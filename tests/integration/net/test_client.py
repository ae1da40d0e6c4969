"""The client for a configured upstream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.net.client import BufferedResponse, TransportError, UpstreamClient

if TYPE_CHECKING:
    from tests.support.net import Names, Site

KEY = {"Authorization": "Bearer secret"}

Make = Callable[..., UpstreamClient]


@pytest.fixture
async def client(site: Site, names: Names) -> AsyncIterator[Make]:
    """Create clients of ``media.example`` and close them at the end."""
    clients: list[UpstreamClient] = []

    def client(base: str = "http://media.example:{port}/v1", **options: Any) -> UpstreamClient:
        clients.append(UpstreamClient(base.format(port=site.port), **{"resolver": names, "headers": KEY, **options}))
        return clients[-1]

    yield client
    for created in clients:
        await created.close()


async def get(client: UpstreamClient, path: str = "videos", **options: Any) -> BufferedResponse:
    """GET a path below the base."""
    return await client.send("GET", client.url(path), **{"within": 60.0, **options})


async def test_the_base_host_may_have_any_address(client: Make, site: Site) -> None:
    """The operator configured it; the response is read whole for any status, its headers in lower case."""
    site.status = 418
    reply = await get(client())
    assert (reply.status, reply.body, reply.headers["content-type"]) == (418, b"content" * 100, "image/png")
    assert site.requests[0].headers["Authorization"] == "Bearer secret"
    assert site.requests[0].path == "/v1/videos"


async def test_the_base_host_allows_no_other_host_or_port(client: Make, site: Site, unused_tcp_port: int) -> None:
    """Private names, addresses and other ports of the same host are refused."""
    upstream = client()
    for url in (
        "http://inner.example/",
        f"http://127.0.0.1:{site.port}/",
        f"http://[::1]:{site.port}/",
        f"http://2130706433:{site.port}/",
        f"http://127.1:{site.port}/",
        f"http://media.example:{unused_tcp_port}/",
        "http://nowhere.example/",
        "ftp://media.example/",
        f"http://user@media.example:{site.port}/",
    ):
        with pytest.raises(TransportError) as caught:
            await upstream.send("GET", url, within=60.0)
        assert not caught.value.sent, url
    assert not site.requests


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_the_operator_can_allow_more_hosts(client: Make, site: Site, allowed: str) -> None:
    """The key is not sent to them."""
    upstream = client(allow_hosts=[allowed.format(port=site.port)])
    await upstream.send("GET", f"http://127.0.0.1:{site.port}/file", within=60.0)
    assert "Authorization" not in site.requests[0].headers


async def test_a_name_is_resolved_for_every_connection(client: Make, names: Names) -> None:
    """No cached result is used; a kept connection needs no resolution."""
    upstream = client()
    for fresh in (True, True, False, False):
        await get(upstream, new_connection=fresh)
    assert names.lookups == ["media.example"] * 3


async def test_polls_reuse_connections_and_submissions_do_not(client: Make, site: Site) -> None:
    """The upstream may close a kept connection while a request is sent; then it is unknown whether it was read."""
    upstream = client()
    for fresh in (False, False, True, True, False):
        await get(upstream, new_connection=fresh)
    assert site.connections == [0, 0, 1, 2, 0]


async def test_a_redirect_is_returned(client: Make, site: Site) -> None:
    """It is not followed."""
    reply = await client(base="http://media.example:{port}").send(
        "GET", f"http://media.example:{site.port}/to?http://elsewhere.example/", within=60.0
    )
    assert (reply.status, reply.headers["location"]) == (302, "http://elsewhere.example/")
    assert len(site.requests) == 1


async def test_a_response_is_read_up_to_its_limit(client: Make, site: Site) -> None:
    """An endless one raises an error that says that the request was sent."""
    site.parts = [b"x" * 100_000] * 20
    with pytest.raises(TransportError, match="more than 1000000 bytes") as caught:
        await get(client(), limit=1_000_000)
    assert caught.value.sent


async def test_cookies_and_proxies_are_ignored(
    client: Make, site: Site, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """Neither the upstream's cookies nor the environment's proxies are used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    site.headers["Set-Cookie"] = "session=1; Path=/"
    upstream = client()
    for _ in range(2):
        await get(upstream)
    assert all("Cookie" not in request.headers for request in site.requests)


async def test_a_refused_connection_counts_as_not_sent(client: Make, unused_tcp_port: int) -> None:
    """Without a connection no request was sent, over TLS either."""
    for scheme in ("http", "https"):
        with pytest.raises(TransportError) as caught:
            await get(client(f"{scheme}://media.example:{unused_tcp_port}"))
        assert not caught.value.sent


async def test_a_failed_handshake_counts_as_not_sent(client: Make) -> None:
    """With TLS against a plain server the request was never written."""
    with pytest.raises(TransportError) as caught:
        await get(client("https://media.example:{port}"))
    assert not caught.value.sent


async def test_a_broken_response_counts_as_sent(client: Make, site: Site) -> None:
    """The upstream has the request."""
    site.headers["Content-Length"] = "800"
    with pytest.raises(TransportError) as caught:
        await get(client(), within=1.0)
    assert caught.value.sent


async def test_a_missing_response_counts_as_sent(client: Make, site: Site) -> None:
    """It ends at the timeout, and not sooner: some responses take long."""
    site.stalling = True
    with pytest.raises(TransportError, match=r"1 s|silent") as caught:
        await get(client(idle_timeout=0.001), within=1.0)
    assert caught.value.sent


async def test_a_response_may_take_longer_than_the_idle_timeout(client: Make, site: Site) -> None:
    """Its timeout is that of the whole call."""
    site.late = 0.1
    assert (await get(client(idle_timeout=0.001))).status == 200


async def test_a_silent_name_server_causes_a_timeout(site: Site) -> None:
    """The connect timeout applies to resolving too, and nothing was sent."""

    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    upstream = UpstreamClient(f"http://media.example:{site.port}", resolver=silent, connect_timeout=0.05)
    with pytest.raises(TransportError) as caught:
        await get(upstream)
    assert not caught.value.sent
    await upstream.close()


async def test_errors_contain_no_signed_url(client: Make, unused_tcp_port: int) -> None:
    """The logged text contains at most a host."""
    for url in (f"http://media.example:{unused_tcp_port}/x?sig=secret", "http://inner.example/?sig=secret"):
        with pytest.raises(TransportError) as caught:
            await client().send("GET", url, within=60.0)
        assert "secret" not in str(caught.value)


async def test_a_trailing_slash_changes_nothing(client: Make) -> None:
    """Paths are joined to the base with one slash."""
    assert client("http://media.example/v1/").url("videos/a%3Ab") == "http://media.example/v1/videos/a%3Ab"
