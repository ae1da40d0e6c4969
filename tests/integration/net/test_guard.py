"""The guarded way out: what strangers name is fetched, our own network is not."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.net import Names, Site

from filmgate.errors import InvalidUrl, StorageFault, UrlUnreachable
from filmgate.net.guard import Guard

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


async def test_a_file_is_fetched(fetch: Fetch, site: Site, names: Names, tmp_path: Path) -> None:
    """Its bytes lie in the file; the name was resolved once, and is what the server was called by."""
    assert await fetch(f"http://media.example:{site.port}/a%20b.png?x=1#part") == 700
    assert site.requests[0].raw_path == "/a%20b.png?x=1"
    assert (tmp_path / "file").read_bytes() == b"picture" * 100
    assert names.asked == ["media.example"]
    assert site.requests[0].headers["Host"] == f"media.example:{site.port}"


async def test_large_files_are_written_as_they_come(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Several blocks arrive whole and in order."""
    site.parts = [bytes([n]) * 300_000 for n in range(12)]
    assert await fetch(f"http://media.example:{site.port}/", limit=4_000_000) == 3_600_000
    assert (tmp_path / "file").read_bytes() == b"".join(site.parts)


async def test_a_name_that_changes_its_address_gains_nothing(site: Site, tmp_path: Path) -> None:
    """The connection goes to the address that was checked, though the name server says another by now."""
    names = Names(media=[["127.0.0.1"], ["10.0.0.7"]])
    guard = Guard(["media.example"], resolver=names)
    await guard.fetch(f"http://media.example:{site.port}/", tmp_path / "file", limit=1000, timeout=60)
    assert names.asked == ["media.example"]


async def test_a_name_is_checked_again_after_a_redirect(site: Site, tmp_path: Path) -> None:
    """The second look at a name is worth no more than the first."""
    names = Names(media=[["127.0.0.1"]], rebinding=[["127.0.0.1"]])
    guard = Guard(["media.example"], resolver=names)
    url = f"http://media.example:{site.port}/to?http://rebinding.example:{site.port}/"
    with pytest.raises(InvalidUrl):
        await guard.fetch(url, tmp_path / "file", limit=1000, timeout=60)
    assert names.asked == ["media.example", "rebinding.example"]
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "http://inner.example/",
        "http://[::1]:{port}/",
        "//localhost:{port}/",
        "file:///etc/passwd",
        "ftp://media.example/",
        "http://user:secret@media.example:{port}/",
        "http://[/",
    ],
)
async def test_redirects_are_checked_like_the_first_url(fetch: Fetch, site: Site, tmp_path: Path, target: str) -> None:
    """A public host can't send us to where we would not have gone by ourselves."""
    with pytest.raises(InvalidUrl):
        await fetch(f"http://media.example:{site.port}/to?{target.format(port=site.port)}")
    assert [request.path for request in site.requests] == ["/to"]
    assert not (tmp_path / "file").exists()


async def test_three_redirects_are_followed_and_no_more(fetch: Fetch, site: Site) -> None:
    """Relative ones too; a loop ends."""
    base = f"http://media.example:{site.port}"
    assert await fetch(f"{base}/to?/to?/to?/film") == 700
    assert [request.path for request in site.requests] == ["/to", "/to", "/to", "/film"]
    site.requests.clear()
    with pytest.raises(UrlUnreachable, match="redirects more than 3 times"):
        await fetch(f"{base}/loop")
    assert len(site.requests) == 4


async def test_credentials_stay_with_their_origin(site: Site, tmp_path: Path) -> None:
    """Headers go to the first URL's origin, and nowhere else; cookies nowhere."""
    guard = Guard(["media.example", "other.example"], resolver=Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]]))
    url = f"http://media.example:{site.port}/to?http://other.example:{site.port}/film"
    headers = {"Authorization": "Bearer secret"}
    await guard.fetch(url, tmp_path / "file", limit=1000, timeout=60, headers=headers)
    assert [request.headers.get("Authorization") for request in site.requests] == ["Bearer secret", None]


@pytest.mark.parametrize("declared", [True, False])
async def test_no_more_bytes_than_allowed_are_taken(
    fetch: Fetch, site: Site, tmp_path: Path, *, declared: bool
) -> None:
    """Whether the server says its length or not; nothing is left behind."""
    if declared:
        site.headers["Content-Length"] = "700"
    assert await fetch(f"http://media.example:{site.port}/", limit=700) == 700
    (tmp_path / "file").unlink()
    with pytest.raises(UrlUnreachable, match="more than"):
        await fetch(f"http://media.example:{site.port}/", limit=699)
    assert not (tmp_path / "file").exists()


async def test_an_answer_without_end_is_cut_off(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """The time for everything is bounded, however slowly the bytes drip."""
    site.stalling = True
    with pytest.raises(UrlUnreachable, match=r"longer than 0\.2 s"):
        await fetch(f"http://media.example:{site.port}/", patience=0.2)
    assert not (tmp_path / "file").exists()


async def test_an_error_is_not_a_file(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Only a 200 holds what was asked for."""
    for status in (204, 206, 403, 404, 500):
        site.status = status
        site.parts = []
        with pytest.raises(UrlUnreachable, match=str(status)):
            await fetch(f"http://media.example:{site.port}/")
    assert not (tmp_path / "file").exists()


async def test_a_shorter_file_than_said_is_refused(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """A connection that breaks does not leave half a file."""
    site.headers["Content-Length"] = "800"
    with pytest.raises(UrlUnreachable):
        await fetch(f"http://media.example:{site.port}/")
    assert not (tmp_path / "file").exists()


async def test_compression_that_nobody_asked_for_is_refused(fetch: Fetch, site: Site) -> None:
    """A small answer can't grow in our hands."""
    site.headers["Content-Encoding"] = "gzip"
    with pytest.raises(UrlUnreachable, match="compressed"):
        await fetch(f"http://media.example:{site.port}/")
    assert site.requests[0].headers["Accept-Encoding"] == "identity"


async def test_a_host_that_does_not_answer_is_said_without_detail(fetch: Fetch, unused_tcp_port: int) -> None:
    """Neither address nor reason reaches a stranger; https against a plain server included."""
    for scheme in ("http", "https"):
        with pytest.raises(UrlUnreachable) as caught:
            await fetch(f"{scheme}://media.example:{unused_tcp_port}/")
        assert caught.value.message == "The URL could not be fetched: its host did not answer as it should."


async def test_an_answer_that_is_no_http_is_refused(fetch: Fetch, site: Site) -> None:
    """TLS against a plain server, say."""
    with pytest.raises(UrlUnreachable):
        await fetch(f"https://media.example:{site.port}/")


async def test_no_proxy_is_taken_from_the_environment(
    fetch: Fetch, site: Site, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """A proxy would resolve the name once more, out of our sight."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    assert await fetch(f"http://media.example:{site.port}/") == 700


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_the_operator_can_allow_a_host(site: Site, tmp_path: Path, allowed: str) -> None:
    """By its name or address, with or without a port; nothing else is allowed by it."""
    guard = Guard([allowed.format(port=site.port)])
    assert await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=60) == 700
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.2:{site.port}/", tmp_path / "file", limit=1000, timeout=60)


async def test_a_port_that_was_not_allowed_is_refused(site: Site, tmp_path: Path, unused_tcp_port: int) -> None:
    """``host:port`` opens that port alone."""
    guard = Guard([f"127.0.0.1:{unused_tcp_port}"])
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=60)


async def test_a_file_that_cannot_be_written_is_our_fault(site: Site, tmp_path: Path) -> None:
    """The caller's URL is not blamed for it."""
    guard = Guard(["127.0.0.1"])
    with pytest.raises(StorageFault):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "no" / "file", limit=1000, timeout=60)


async def test_cancelling_leaves_nothing(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Neither a file nor an open connection."""
    site.stalling = True
    task = asyncio.ensure_future(fetch(f"http://media.example:{site.port}/"))
    await site.sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (tmp_path / "file").exists()


async def test_many_at_once_do_not_mix(site: Site, tmp_path: Path) -> None:
    """A guard has no state that one fetch could leave to another."""
    guard = Guard(["127.0.0.1"])
    sizes = await asyncio.gather(
        *(
            guard.fetch(f"http://127.0.0.1:{site.port}/{n}", tmp_path / str(n), limit=1000, timeout=60)
            for n in range(20)
        )
    )
    assert sizes == [(tmp_path / str(n)).stat().st_size for n in range(20)] == [700] * 20
    assert {request.path for request in site.requests} == {f"/{n}" for n in range(20)}


@pytest.mark.parametrize("hops", [1, 2, 3])
async def test_a_chain_of_redirects_ends_where_it_leaves_the_public(
    fetch: Fetch, site: Site, tmp_path: Path, hops: int
) -> None:
    """However many public hosts lie in between."""
    base = f"http://media.example:{site.port}"
    with pytest.raises(InvalidUrl, match="not public"):
        await fetch(f"{base}{'/to?' * hops}http://169.254.169.254/latest/meta-data/")
    assert len(site.requests) == hops
    assert not (tmp_path / "file").exists()


async def test_a_host_may_end_in_a_dot(fetch: Fetch, site: Site, names: Names) -> None:
    """It is the same host to the operator's list."""
    assert await fetch(f"http://media.example.:{site.port}/") == 700
    assert names.asked == ["media.example."]


async def test_a_name_in_other_letters_is_resolved_as_dns_spells_it(site: Site, tmp_path: Path) -> None:
    """Where it leads to is what counts, not how it looks."""
    names = Names(**{"xn--bcher-kva": [["127.0.0.1"]]})
    with pytest.raises(InvalidUrl, match="not public"):
        await Guard(resolver=names).fetch(f"http://bücher.example:{site.port}/", tmp_path / "f", limit=9, timeout=60)
    assert names.asked == ["xn--bcher-kva.example"]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes no connection and refuses none."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = int(server.getsockname()[1])
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


async def test_a_connection_that_is_not_made_is_not_waited_for(deaf_port: int, tmp_path: Path) -> None:
    """Nor one that falls silent: each has its own time-out, far below that for everything."""
    guard = Guard(["127.0.0.1"], connect_timeout=0.1)
    with pytest.raises(UrlUnreachable, match="did not answer"):
        await guard.fetch(f"http://127.0.0.1:{deaf_port}/", tmp_path / "file", limit=100, timeout=60)


async def test_a_host_that_falls_silent_is_not_waited_for(site: Site, tmp_path: Path) -> None:
    """The wait for the next bytes has an end of its own."""
    site.stalling = True
    guard = Guard(["127.0.0.1"], idle_timeout=0.1)
    with pytest.raises(UrlUnreachable, match="did not answer"):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=10_000, timeout=60)
    assert not (tmp_path / "file").exists()


def _certificate(folder: Path, *names: x509.GeneralName) -> Path:
    """A key and a certificate that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path = folder / "certificate.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture
async def tls_port(tmp_path: Path) -> AsyncIterator[int]:
    """A server on loopback that proves to be ``media.example``, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path, x509.DNSName("media.example")))

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=b"picture")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_tls_speaks_of_the_name_though_the_address_was_pinned(tls_port: int, tmp_path: Path) -> None:
    """The certificate is held against the host that was asked for; another name, or the bare address, gets nothing."""
    names = Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]])
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    hosts = ["media.example", "other.example", "127.0.0.1"]
    guard = Guard(hosts, resolver=names, tls=trusting)
    into = tmp_path / "file"
    assert await guard.fetch(f"https://media.example:{tls_port}/", into, limit=100, timeout=60) == 7
    for host in ("other.example", "127.0.0.1"):
        with pytest.raises(UrlUnreachable):
            await guard.fetch(f"https://{host}:{tls_port}/", into, limit=100, timeout=60)
    with pytest.raises(UrlUnreachable):
        await Guard(hosts, resolver=names).fetch(f"https://media.example:{tls_port}/", into, limit=100, timeout=60)
