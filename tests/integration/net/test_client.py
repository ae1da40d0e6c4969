"""The client for an upstream of the operator's."""

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
    """Makes clients of ``media.example``, and closes them."""
    made: list[UpstreamClient] = []

    def client(base: str = "http://media.example:{port}/v1", **options: Any) -> UpstreamClient:
        made.append(UpstreamClient(base.format(port=site.port), **{"resolver": names, "headers": KEY, **options}))
        return made[-1]

    yield client
    for each in made:
        await each.close()


async def ask(client: UpstreamClient, path: str = "videos", **options: Any) -> BufferedResponse:
    """GET a path below the base."""
    return await client.send("GET", client.url(path), **{"within": 5.0, **options})


async def test_its_own_host_may_be_asked_wherever_it_is(client: Make, site: Site) -> None:
    """The operator named it; the answer is read whole, whatever its status, its headers in lower case."""
    site.status = 418
    reply = await ask(client())
    assert (reply.status, reply.body, reply.headers["content-type"]) == (418, b"picture" * 100, "image/png")
    assert site.requests[0].headers["Authorization"] == "Bearer secret"
    assert site.requests[0].path == "/v1/videos"


async def test_no_other_host_or_port_is_allowed_by_it(client: Make, site: Site, unused_tcp_port: int) -> None:
    """Neither a private name, nor an address, nor another port of the same host."""
    theirs = client()
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
            await theirs.send("GET", url, within=5.0)
        assert not caught.value.sent, url
    assert not site.requests


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_the_operator_can_allow_more_hosts(client: Make, site: Site, allowed: str) -> None:
    """To which our key does not go."""
    theirs = client(allow_hosts=[allowed.format(port=site.port)])
    await theirs.send("GET", f"http://127.0.0.1:{site.port}/film", within=5.0)
    assert "Authorization" not in site.requests[0].headers


async def test_a_name_is_resolved_for_every_connection(client: Make, names: Names) -> None:
    """No answer is taken from a cache; a kept connection needs none."""
    theirs = client()
    for fresh in (True, True, False, False):
        await ask(theirs, new_connection=fresh)
    assert names.asked == ["media.example"] * 3


async def test_connections_are_kept_for_looks_and_new_for_submissions(client: Make, site: Site) -> None:
    """A kept connection may be hung up just when a request is sent on it; nobody would know whether it was read."""
    theirs = client()
    for fresh in (False, False, True, True, False):
        await ask(theirs, new_connection=fresh)
    assert site.connections == [0, 0, 1, 2, 0]


async def test_a_redirect_is_an_answer(client: Make, site: Site) -> None:
    """It is not followed."""
    reply = await client(base="http://media.example:{port}").send(
        "GET", f"http://media.example:{site.port}/to?http://elsewhere.example/", within=5.0
    )
    assert (reply.status, reply.headers["location"]) == (302, "http://elsewhere.example/")
    assert len(site.requests) == 1


async def test_no_more_of_an_answer_is_read_than_allowed(client: Make, site: Site) -> None:
    """An endless one ends here; that the request was read is known."""
    site.parts = [b"x" * 100_000] * 20
    with pytest.raises(TransportError, match="more than 1000000 bytes") as caught:
        await ask(client(), limit=1_000_000)
    assert caught.value.sent


async def test_no_cookie_and_no_proxy_is_taken(
    client: Make, site: Site, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """From neither the other side nor the environment."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    site.headers["Set-Cookie"] = "session=1; Path=/"
    theirs = client()
    for _ in range(2):
        await ask(theirs)
    assert all("Cookie" not in request.headers for request in site.requests)


async def test_a_host_that_refuses_got_nothing(client: Make, unused_tcp_port: int) -> None:
    """A connection that was never made carried no request, over TLS either."""
    for scheme in ("http", "https"):
        with pytest.raises(TransportError) as caught:
            await ask(client(f"{scheme}://media.example:{unused_tcp_port}"))
        assert not caught.value.sent


async def test_a_handshake_that_fails_carried_nothing(client: Make) -> None:
    """TLS against a plain server: the request was never written."""
    with pytest.raises(TransportError) as caught:
        await ask(client("https://media.example:{port}"))
    assert not caught.value.sent


async def test_an_answer_that_breaks_off_was_asked_for(client: Make, site: Site) -> None:
    """The other side has the request."""
    site.headers["Content-Length"] = "800"
    with pytest.raises(TransportError) as caught:
        await ask(client(), within=0.2)
    assert caught.value.sent


async def test_a_silence_was_asked_for(client: Make, site: Site) -> None:
    """It ends when the time is over, and not sooner: some answers take long to come."""
    site.stalling = True
    with pytest.raises(TransportError, match=r"0\.2 s|silent") as caught:
        await ask(client(idle_timeout=0.001), within=0.2)
    assert caught.value.sent


async def test_an_answer_may_take_longer_than_a_download_may_pause(client: Make, site: Site) -> None:
    """Its time is that of the whole call."""
    site.late = 0.1
    assert (await ask(client(idle_timeout=0.001))).status == 200


async def test_a_silent_name_server_is_not_waited_for(site: Site) -> None:
    """The connection's time-out holds for it too, and nothing was sent."""

    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    theirs = UpstreamClient(f"http://media.example:{site.port}", resolver=silent, connect_timeout=0.05)
    with pytest.raises(TransportError) as caught:
        await ask(theirs)
    assert not caught.value.sent
    await theirs.close()


async def test_a_signed_address_is_in_no_error(client: Make, unused_tcp_port: int) -> None:
    """What goes to the log holds a host at most."""
    for url in (f"http://media.example:{unused_tcp_port}/x?sig=secret", "http://inner.example/?sig=secret"):
        with pytest.raises(TransportError) as caught:
            await client().send("GET", url, within=1.0)
        assert "secret" not in str(caught.value)


async def test_a_trailing_slash_changes_nothing(client: Make) -> None:
    """Paths are put below the base with one slash."""
    assert client("http://media.example/v1/").url("videos/a%3Ab") == "http://media.example/v1/videos/a%3Ab"
