"""The guard: client-supplied URLs are fetched, our own network is not reachable."""

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
    """Its bytes are in the file; the name was resolved once and is sent as ``Host``."""
    assert await fetch(f"http://media.example:{site.port}/a%20b.png?x=1#part") == 700
    assert site.requests[0].raw_path == "/a%20b.png?x=1"
    assert (tmp_path / "file").read_bytes() == b"content" * 100
    assert names.lookups == ["media.example"]
    assert site.requests[0].headers["Host"] == f"media.example:{site.port}"


async def test_large_files_are_written_in_blocks(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Several blocks arrive complete and in order."""
    site.parts = [bytes([n]) * 300_000 for n in range(12)]
    assert await fetch(f"http://media.example:{site.port}/", limit=4_000_000) == 3_600_000
    assert (tmp_path / "file").read_bytes() == b"".join(site.parts)


async def test_a_dns_record_that_changes_has_no_effect(site: Site, tmp_path: Path) -> None:
    """The connection goes to the checked address, though the name now resolves to another."""
    names = Names(media=[["127.0.0.1"], ["10.0.0.7"]])
    guard = Guard(["media.example"], resolver=names)
    await guard.fetch(f"http://media.example:{site.port}/", tmp_path / "file", limit=1000, timeout=60)
    assert names.lookups == ["media.example"]


async def test_a_name_is_checked_again_after_a_redirect(site: Site, tmp_path: Path) -> None:
    """The second resolution of a name is checked like the first."""
    names = Names(media=[["127.0.0.1"]], rebinding=[["127.0.0.1"]])
    guard = Guard(["media.example"], resolver=names)
    url = f"http://media.example:{site.port}/to?http://rebinding.example:{site.port}/"
    with pytest.raises(InvalidUrl):
        await guard.fetch(url, tmp_path / "file", limit=1000, timeout=60)
    assert names.lookups == ["media.example", "rebinding.example"]
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
    """A public host can't redirect to a host that may not be requested directly."""
    with pytest.raises(InvalidUrl):
        await fetch(f"http://media.example:{site.port}/to?{target.format(port=site.port)}")
    assert [request.path for request in site.requests] == ["/to"]
    assert not (tmp_path / "file").exists()


async def test_at_most_three_redirects_are_followed(fetch: Fetch, site: Site) -> None:
    """Relative redirects count too; a loop ends with an error."""
    base = f"http://media.example:{site.port}"
    assert await fetch(f"{base}/to?/to?/to?/file") == 700
    assert [request.path for request in site.requests] == ["/to", "/to", "/to", "/file"]
    site.requests.clear()
    with pytest.raises(UrlUnreachable, match="redirects more than 3 times"):
        await fetch(f"{base}/loop")
    assert len(site.requests) == 4


async def test_credentials_are_sent_to_their_origin_only(site: Site, tmp_path: Path) -> None:
    """Headers go to the first URL's origin only; cookies to none."""
    guard = Guard(["media.example", "other.example"], resolver=Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]]))
    url = f"http://media.example:{site.port}/to?http://other.example:{site.port}/file"
    headers = {"Authorization": "Bearer secret"}
    await guard.fetch(url, tmp_path / "file", limit=1000, timeout=60, headers=headers)
    assert [request.headers.get("Authorization") for request in site.requests] == ["Bearer secret", None]


@pytest.mark.parametrize("declared", [True, False])
async def test_the_size_limit_is_enforced(fetch: Fetch, site: Site, tmp_path: Path, *, declared: bool) -> None:
    """It applies with and without a Content-Length; no file remains."""
    if declared:
        site.headers["Content-Length"] = "700"
    assert await fetch(f"http://media.example:{site.port}/", limit=700) == 700
    (tmp_path / "file").unlink()
    with pytest.raises(UrlUnreachable, match="more than"):
        await fetch(f"http://media.example:{site.port}/", limit=699)
    assert not (tmp_path / "file").exists()


async def test_an_endless_response_is_cut_off(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """The total time is bounded, however slowly the bytes arrive."""
    site.stalling = True
    with pytest.raises(UrlUnreachable, match=r"longer than 0\.2 s"):
        await fetch(f"http://media.example:{site.port}/", patience=0.2)
    assert not (tmp_path / "file").exists()


async def test_an_error_status_is_refused(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Only a 200 holds the file."""
    for status in (204, 206, 403, 404, 500):
        site.status = status
        site.parts = []
        with pytest.raises(UrlUnreachable, match=str(status)):
            await fetch(f"http://media.example:{site.port}/")
    assert not (tmp_path / "file").exists()


async def test_a_file_shorter_than_announced_is_refused(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """A broken connection leaves no partial file."""
    site.headers["Content-Length"] = "800"
    with pytest.raises(UrlUnreachable):
        await fetch(f"http://media.example:{site.port}/")
    assert not (tmp_path / "file").exists()


async def test_a_compressed_response_is_refused(fetch: Fetch, site: Site) -> None:
    """Its decompressed size would be unbounded."""
    site.headers["Content-Encoding"] = "gzip"
    with pytest.raises(UrlUnreachable, match="compressed"):
        await fetch(f"http://media.example:{site.port}/")
    assert site.requests[0].headers["Accept-Encoding"] == "identity"


async def test_an_unreachable_host_is_reported_without_detail(fetch: Fetch, unused_tcp_port: int) -> None:
    """The client sees neither address nor cause, also with https against a plain server."""
    for scheme in ("http", "https"):
        with pytest.raises(UrlUnreachable) as caught:
            await fetch(f"{scheme}://media.example:{unused_tcp_port}/")
        assert caught.value.message == "The URL could not be fetched: its host did not answer as it should."


async def test_a_response_that_is_not_http_is_refused(fetch: Fetch, site: Site) -> None:
    """TLS against a plain server is one example."""
    with pytest.raises(UrlUnreachable):
        await fetch(f"https://media.example:{site.port}/")


async def test_proxies_of_the_environment_are_ignored(
    fetch: Fetch, site: Site, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    """A proxy would resolve the name again without our checks."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    assert await fetch(f"http://media.example:{site.port}/") == 700


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_the_operator_can_allow_a_host(site: Site, tmp_path: Path, allowed: str) -> None:
    """By name or address, with or without a port; nothing else becomes allowed."""
    guard = Guard([allowed.format(port=site.port)])
    assert await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=60) == 700
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.2:{site.port}/", tmp_path / "file", limit=1000, timeout=60)


async def test_a_port_that_was_not_allowed_is_refused(site: Site, tmp_path: Path, unused_tcp_port: int) -> None:
    """``host:port`` allows that port only."""
    guard = Guard([f"127.0.0.1:{unused_tcp_port}"])
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=60)


async def test_a_file_that_cannot_be_written_is_a_storage_fault(site: Site, tmp_path: Path) -> None:
    """The error does not blame the client's URL."""
    guard = Guard(["127.0.0.1"])
    with pytest.raises(StorageFault):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "no" / "file", limit=1000, timeout=60)


async def test_a_cancelled_fetch_leaves_nothing(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Neither a file nor a connection stays open."""
    site.stalling = True
    task = asyncio.ensure_future(fetch(f"http://media.example:{site.port}/"))
    await site.sent.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (tmp_path / "file").exists()


async def test_concurrent_fetches_do_not_mix(site: Site, tmp_path: Path) -> None:
    """A guard has no state that fetches share."""
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
async def test_a_redirect_chain_ends_at_the_first_private_host(
    fetch: Fetch, site: Site, tmp_path: Path, hops: int
) -> None:
    """The number of public hosts before it does not matter."""
    base = f"http://media.example:{site.port}"
    with pytest.raises(InvalidUrl, match="not public"):
        await fetch(f"{base}{'/to?' * hops}http://169.254.169.254/latest/meta-data/")
    assert len(site.requests) == hops
    assert not (tmp_path / "file").exists()


async def test_a_host_may_end_in_a_dot(fetch: Fetch, site: Site, names: Names) -> None:
    """It is the same host as in the operator's list."""
    assert await fetch(f"http://media.example.:{site.port}/") == 700
    assert names.lookups == ["media.example."]


async def test_an_internationalised_name_is_resolved_in_its_dns_form(site: Site, tmp_path: Path) -> None:
    """Its address is checked, not its spelling."""
    names = Names(**{"xn--bcher-kva": [["127.0.0.1"]]})
    with pytest.raises(InvalidUrl, match="not public"):
        await Guard(resolver=names).fetch(f"http://bücher.example:{site.port}/", tmp_path / "f", limit=9, timeout=60)
    assert names.lookups == ["xn--bcher-kva.example"]


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that neither accepts nor refuses connections."""
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


async def test_a_connection_attempt_without_an_answer_times_out(deaf_port: int, tmp_path: Path) -> None:
    """Connecting has its own timeout, far below the total one."""
    guard = Guard(["127.0.0.1"], connect_timeout=0.1)
    with pytest.raises(UrlUnreachable, match="did not answer"):
        await guard.fetch(f"http://127.0.0.1:{deaf_port}/", tmp_path / "file", limit=100, timeout=60)


async def test_a_silent_host_causes_a_timeout(site: Site, tmp_path: Path) -> None:
    """Waiting for the next bytes has its own timeout."""
    site.stalling = True
    guard = Guard(["127.0.0.1"], idle_timeout=0.1)
    with pytest.raises(UrlUnreachable, match="did not answer"):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=10_000, timeout=60)
    assert not (tmp_path / "file").exists()


def _certificate(folder: Path, *names: x509.GeneralName) -> Path:
    """A self-signed certificate and its key, in one file."""
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
    """A server on loopback with a certificate for ``media.example`` only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path, x509.DNSName("media.example")))

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=b"content")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_tls_verifies_the_host_name_of_the_pinned_address(tls_port: int, tmp_path: Path) -> None:
    """The certificate must match the requested host; another name, or the bare address, is refused."""
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
