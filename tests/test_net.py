"""The guarded way out: what strangers name is fetched, our own network is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from filmgate.errors import InvalidUrl, StorageFault, UrlUnreachable
from filmgate.net import Fetched, Guard, is_public

PUBLIC = "93.184.215.14"


class Names:
    """A scripted resolver: each call for a name gives its next answer, the last one for ever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The next answer for that name."""
        del port
        self.asked.append(host)
        answers = self._answers.get(host.partition(".")[0])
        if answers is None:
            raise OSError("Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Site:
    """A web server on loopback that writes down what it was asked."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.port = 0
        self.parts = [b"picture" * 100]
        self.status = 200
        self.headers: dict[str, str] = {}
        self.stall = asyncio.Event()
        self.stalling = False
        self.sent = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the test told it to say; ``/to?…`` redirects there."""
        self.requests.append(request)
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query_string})
        if request.path == "/loop":
            return web.Response(status=307, headers={"Location": "/loop"})
        response = web.StreamResponse(status=self.status, headers={"Content-Type": "image/png", **self.headers})
        await response.prepare(request)
        for part in self.parts:
            await response.write(part)
        self.sent.set()
        if self.stalling:
            await self.stall.wait()
        return response


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A server, up for one test."""
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.port = runner.addresses[0][1]
    yield site
    site.stall.set()
    await runner.cleanup()


@pytest.fixture
def names() -> Names:
    """``media.example`` is the site, ``public.example`` a public address, ``inner.example`` a private one."""
    return Names(media=[["127.0.0.1"]], public=[[PUBLIC]], inner=[["10.0.0.7"]])


@pytest.fixture
def fetch(names: Names, tmp_path: Path) -> Callable[..., Awaitable[Fetched]]:
    """Fetch with a guard that lets ``media.example`` through."""
    guard = Guard(["media.example"], resolver=names)

    async def fetch(url: str, *, limit: int = 10_000, patience: float = 5.0, **headers: str) -> Fetched:
        return await guard.fetch(url, tmp_path / "file", limit=limit, timeout=patience, headers=headers)

    return fetch


Fetch = Callable[..., Awaitable[Fetched]]


async def test_a_file_is_fetched(fetch: Fetch, site: Site, names: Names, tmp_path: Path) -> None:
    """Its bytes lie in the file; the name was resolved once, and is what the server was called by."""
    fetched = await fetch(f"http://media.example:{site.port}/a%20b.png?x=1#part")
    assert fetched == Fetched(
        content_type="image/png", bytes=700, final_url=f"http://media.example:{site.port}/a%20b.png?x=1"
    )
    assert (tmp_path / "file").read_bytes() == b"picture" * 100
    assert names.asked == ["media.example"]
    assert site.requests[0].headers["Host"] == f"media.example:{site.port}"


async def test_large_files_are_written_as_they_come(fetch: Fetch, site: Site, tmp_path: Path) -> None:
    """Several blocks arrive whole and in order."""
    site.parts = [bytes([n]) * 300_000 for n in range(12)]
    assert (await fetch(f"http://media.example:{site.port}/", limit=4_000_000)).bytes == 3_600_000
    assert (tmp_path / "file").read_bytes() == b"".join(site.parts)


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
    ],
)
async def test_no_spelling_of_an_inner_address_is_fetched(tmp_path: Path, url: str) -> None:
    """Whatever way an address is written, it is refused before anything is connected; the real resolver is used."""
    with pytest.raises(InvalidUrl, match=r"not public|can't be read"):
        await Guard().fetch(url, tmp_path / "file", limit=100, timeout=5)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        (PUBLIC, True),
        ("172.32.0.1", True),
        ("100.128.0.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2606:4700::1111%eth0", False),
        ("fe80::1%eth0", False),
        ("4000::1", False),
        ("240.0.0.1", False),
        ("192.88.99.1", False),
        ("", False),
        ("name", False),
        ("127.1", False),
    ],
)
def test_public_addresses_are_told_from_others(address: str, *, public: bool) -> None:
    """By tables of our own, the same on every Python."""
    assert is_public(address) is public


@pytest.mark.parametrize(
    "answer", [["10.0.0.7"], [PUBLIC, "127.0.0.1"], ["::1"], [PUBLIC, "::ffff:10.0.0.1"], ["fe80::1%eth0"], []]
)
async def test_every_address_of_a_name_must_be_public(tmp_path: Path, answer: list[str]) -> None:
    """One inner address among public ones is enough to refuse the name."""
    guard = Guard(resolver=Names(mixed=[answer]))
    with pytest.raises(InvalidUrl):
        await guard.fetch("http://mixed.example/", tmp_path / "file", limit=100, timeout=5)


async def test_an_inner_name_and_no_name_sound_the_same(fetch: Fetch) -> None:
    """Nobody finds out which names our network knows, nor their addresses."""
    said = []
    for host in ("inner.example", "nowhere.example"):
        with pytest.raises(InvalidUrl) as caught:
            await fetch(f"http://{host}/")
        said.append(caught.value.message)
    assert said == ["Invalid URL: its host is unknown or not public."] * 2


async def test_a_name_that_changes_its_address_gains_nothing(site: Site, tmp_path: Path) -> None:
    """The connection goes to the address that was checked, though the name server says another by now."""
    names = Names(media=[["127.0.0.1"], ["10.0.0.7"]])
    guard = Guard(["media.example"], resolver=names)
    await guard.fetch(f"http://media.example:{site.port}/", tmp_path / "file", limit=1000, timeout=5)
    assert names.asked == ["media.example"]


async def test_a_name_is_checked_again_after_a_redirect(site: Site, tmp_path: Path) -> None:
    """The second look at a name is worth no more than the first."""
    names = Names(media=[["127.0.0.1"]], rebinding=[["127.0.0.1"]])
    guard = Guard(["media.example"], resolver=names)
    url = f"http://media.example:{site.port}/to?http://rebinding.example:{site.port}/"
    with pytest.raises(InvalidUrl):
        await guard.fetch(url, tmp_path / "file", limit=1000, timeout=5)
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
    assert (await fetch(f"{base}/to?/to?/to?/film")).final_url == f"{base}/film"
    site.requests.clear()
    with pytest.raises(UrlUnreachable, match="redirects more than 3 times"):
        await fetch(f"{base}/loop")
    assert len(site.requests) == 4


async def test_credentials_stay_with_their_origin(site: Site, tmp_path: Path) -> None:
    """Headers go to the first URL's origin, and nowhere else; cookies nowhere."""
    guard = Guard(["media.example", "other.example"], resolver=Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]]))
    url = f"http://media.example:{site.port}/to?http://other.example:{site.port}/film"
    headers = {"Authorization": "Bearer secret"}
    await guard.fetch(url, tmp_path / "file", limit=1000, timeout=5, headers=headers)
    assert [request.headers.get("Authorization") for request in site.requests] == ["Bearer secret", None]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://public.example/", "only http and https"),
        ("gopher://public.example/", "only http and https"),
        ("data:,x", "only http and https"),
        ("picture.png", "only http and https"),
        ("", "only http and https"),
        ("http://", "can't be read|no host"),
        ("http:///picture.png", "can't be read|no host"),
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
async def test_what_is_no_usable_url_is_said(fetch: Fetch, url: str, words: str) -> None:
    """A 400 that names the field and what is wrong."""
    with pytest.raises(InvalidUrl, match=words) as caught:
        await fetch(url)
    assert (caught.value.http_status, caught.value.param) == (400, "input_reference")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("declared", [True, False])
async def test_no_more_bytes_than_allowed_are_taken(
    fetch: Fetch, site: Site, tmp_path: Path, *, declared: bool
) -> None:
    """Whether the server says its length or not; nothing is left behind."""
    if declared:
        site.headers["Content-Length"] = "700"
    assert (await fetch(f"http://media.example:{site.port}/", limit=700)).bytes == 700
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
    assert (await fetch(f"http://media.example:{site.port}/")).bytes == 700


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_the_operator_can_allow_a_host(site: Site, tmp_path: Path, allowed: str) -> None:
    """By its name or address, with or without a port; nothing else is allowed by it."""
    guard = Guard([allowed.format(port=site.port)])
    assert (await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=5)).bytes == 700
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.2:{site.port}/", tmp_path / "file", limit=1000, timeout=5)


async def test_a_port_that_was_not_allowed_is_refused(site: Site, tmp_path: Path, unused_tcp_port: int) -> None:
    """``host:port`` opens that port alone."""
    guard = Guard([f"127.0.0.1:{unused_tcp_port}"])
    with pytest.raises(InvalidUrl):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "file", limit=1000, timeout=5)


async def test_a_file_that_cannot_be_written_is_our_fault(site: Site, tmp_path: Path) -> None:
    """The caller's URL is not blamed for it."""
    guard = Guard(["127.0.0.1"])
    with pytest.raises(StorageFault):
        await guard.fetch(f"http://127.0.0.1:{site.port}/", tmp_path / "no" / "file", limit=1000, timeout=5)


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
    fetched = await asyncio.gather(
        *(guard.fetch(f"http://127.0.0.1:{site.port}/{n}", tmp_path / str(n), limit=1000, timeout=5) for n in range(20))
    )
    assert [one.final_url.rpartition("/")[2] for one in fetched] == [str(n) for n in range(20)]
