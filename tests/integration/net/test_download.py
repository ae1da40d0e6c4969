"""Downloads: whole, bounded, resumed where that is safe, and begun again where it is not."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from tests.support.net import Names

from filmgate.errors import StorageFault
from filmgate.net.client import TransportError, UpstreamClient
from filmgate.net.download import HttpStatusError, UnexpectedContent, download

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FILM = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 12_000


class Store:
    """Serves a file, and breaks off where a test wants it to."""

    def __init__(self) -> None:
        self.content = FILM
        self.etag = '"one"'
        self.ranges = True
        self.breaks: list[int] = []  # after how many bytes each answer breaks off
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.keys: list[str | None] = []
        self.changes: dict[int, bytes] = {}  # the file from the n-th request on
        self.part_from: int | None = None
        self.status = 200
        self.headers: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The file, or its rest."""
        asked, condition = request.headers.get("Range"), request.headers.get("If-Range")
        self.asked.append((request.path, asked, condition))
        self.keys.append(request.headers.get("Authorization"))
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query_string})
        if self.status != 200:
            return web.Response(status=self.status, text="no", headers=self.headers)
        if len(self.asked) in self.changes:
            self.content = self.changes[len(self.asked)]
            self.etag = f'"{hashlib.sha256(self.content).hexdigest()[:8]}"'
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.ranges and condition in {None, self.etag} else 0
        return await self._send(request, start)

    async def _send(self, request: web.Request, start: int) -> web.StreamResponse:
        rest = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": self.etag, **self.headers})
        if "Transfer-Encoding" not in self.headers:
            response.content_length = len(rest)
        if start:
            said = start if self.part_from is None else self.part_from
            response.headers["Content-Range"] = f"bytes {said}-{len(self.content) - 1}/{len(self.content)}"
        if "Transfer-Encoding" in self.headers:
            del response.headers["Transfer-Encoding"]
            response.enable_chunked_encoding()
        await response.prepare(request)
        end = self.breaks.pop(0) if self.breaks else len(rest)
        await response.write(rest[:end])
        if end < len(rest) and request.transport is not None:
            request.transport.close()
        return response


@pytest.fixture
async def store() -> AsyncIterator[tuple[Store, int]]:
    """A store, up for one test, and its port."""
    store = Store()
    app = web.Application()
    app.router.add_get("/{path:.*}", store.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield store, runner.addresses[0][1]
    await runner.cleanup()


async def get(store: tuple[Store, int], into: Path, path: str = "/film", **options: Any) -> bytes:
    """Download from ``media.example`` with a key for it; the file's content."""
    names = Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]], inner=[["10.0.0.7"]])
    client = UpstreamClient(
        f"http://media.example:{store[1]}",
        headers={"Authorization": "secret"},
        resolver=names,
        allow_hosts=options.pop("allow_hosts", ()),
        idle_timeout=options.pop("idle_timeout", 5.0),
    )
    try:
        given = {"limit": 10**8, "within": 30.0, **options}
        size = await download(client, f"http://media.example:{store[1]}{path}", into, **given)
        content = await asyncio.to_thread(into.read_bytes)
        assert size == len(content)
        return content
    finally:
        await client.close()


async def test_a_file_comes_whole(store: tuple[Store, int], tmp_path: Path) -> None:
    """In one request, without a Range."""
    assert await get(store, tmp_path / "f") == FILM
    assert store[0].asked == [("/film", None, None)]


async def test_what_broke_off_goes_on_where_it_broke(store: tuple[Store, int], tmp_path: Path) -> None:
    """Only what is missing comes again, under the same strong ETag."""
    store[0].breaks = [1_000_000, 900_000, 700_000]
    assert await get(store, tmp_path / "f") == FILM
    assert len(store[0].asked) == 4
    starts = [re.findall(r"\d+", asked or "bytes=0-")[0] for _, asked, _ in store[0].asked]
    assert starts == sorted(starts, key=int)
    assert {condition for *_, condition in store[0].asked[1:]} == {'"one"'}


@pytest.mark.parametrize("percent", range(1, 100, 7))
async def test_a_cut_at_any_place_is_mended(store: tuple[Store, int], tmp_path: Path, percent: int) -> None:
    """However much of it came."""
    store[0].content = FILM[:100_000]
    store[0].breaks = [percent * 1000]
    assert await get(store, tmp_path / "f") == FILM[:100_000]


async def test_a_server_that_answers_the_whole_file_is_believed(store: tuple[Store, int], tmp_path: Path) -> None:
    """A 200 to a Range begins anew; nothing is doubled."""
    store[0].ranges = False
    store[0].breaks = [1_000_000]
    assert await get(store, tmp_path / "f") == FILM


async def test_a_file_that_changed_meanwhile_begins_anew(store: tuple[Store, int], tmp_path: Path) -> None:
    """Two halves of two films are no film; the server says so with a 200, for If-Range no longer holds."""
    store[0].breaks = [1_000_000]
    store[0].changes = {2: FILM[::-1]}
    assert await get(store, tmp_path / "f") == FILM[::-1]


@pytest.mark.parametrize("etag", ['W/"weak"', "", "unquoted"])
async def test_without_a_strong_etag_nothing_is_resumed(store: tuple[Store, int], tmp_path: Path, etag: str) -> None:
    """Nobody knows whether the rest is the same file's; the next try begins anew."""
    store[0].etag = etag
    store[0].breaks = [1_000_000]
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert len(store[0].asked) == 1


async def test_a_part_from_somewhere_else_is_not_taken(store: tuple[Store, int], tmp_path: Path) -> None:
    """A server that mistakes the Range is not trusted again."""
    store[0].breaks = [1_000_000]
    store[0].part_from = 5
    with pytest.raises(TransportError, match="another range"):
        await get(store, tmp_path / "f")


async def test_a_server_that_breaks_off_for_ever_is_given_up(store: tuple[Store, int], tmp_path: Path) -> None:
    """Each resumption must bring something."""
    store[0].breaks = [1_000_000, 0, 0, 0]
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f")
    assert len(store[0].asked) <= 4
    assert not (tmp_path / "f").exists()


async def test_an_endless_file_ends(store: tuple[Store, int], tmp_path: Path) -> None:
    """With a length or without one."""
    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        store[0].headers = dict(headers)
        with pytest.raises(UnexpectedContent, match="more than 1000 bytes"):
            await get(store, tmp_path / "f", limit=1000)
        assert not (tmp_path / "f").exists()


async def test_a_chunked_file_comes_whole(store: tuple[Store, int], tmp_path: Path) -> None:
    """One whose length nobody said."""
    store[0].headers = {"Transfer-Encoding": "chunked"}
    assert await get(store, tmp_path / "f") == FILM


@pytest.mark.parametrize("content", [b"<html>", b"", b"x" * 511, b"y" * 5_000_000])
async def test_what_is_not_wanted_is_told_by_its_beginning(
    store: tuple[Store, int], tmp_path: Path, content: bytes
) -> None:
    """As soon as that is there; a short file at its end."""
    store[0].content = content
    heads: list[bytes] = []

    def wrong(head: bytes) -> str:
        heads.append(head)
        return "It is no video."

    with pytest.raises(UnexpectedContent, match="no video"):
        await get(store, tmp_path / "f", content_error=wrong)
    assert heads == [content[:512]]
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("status", [204, 206, 400, 404, 416, 500, 503])
async def test_an_error_is_handed_on(store: tuple[Store, int], tmp_path: Path, status: int) -> None:
    """With its body, for some say in it where the file lies."""
    store[0].status = status
    store[0].headers = {"Retry-After": "3"}
    with pytest.raises(HttpStatusError) as caught:
        await get(store, tmp_path / "f")
    assert (caught.value.status, caught.value.headers["retry-after"]) == (status, "3")
    assert caught.value.body == (b"" if status == 204 else b"no")
    assert not (tmp_path / "f").exists()


async def test_the_key_stays_at_home_when_it_redirects(store: tuple[Store, int], tmp_path: Path) -> None:
    """To the same origin it goes along, to another it does not."""
    elsewhere = f"/to?http://other.example:{store[1]}/film?sig=a%2Fb"
    await get(store, tmp_path / "f", elsewhere, allow_hosts=["other.example"])
    await get(store, tmp_path / "f", "/to?/film")
    assert store[0].keys == ["secret", None, "secret", "secret"]


@pytest.mark.parametrize(
    "target",
    ["http://inner.example/", "http://127.0.0.1:{port}/", "http://169.254.169.254/", "file:///etc/passwd", "http://["],
)
async def test_a_redirect_into_our_network_is_not_followed(
    store: tuple[Store, int], tmp_path: Path, target: str
) -> None:
    """Nor to anything else that is not asked."""
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f", f"/to?{target.format(port=store[1])}")
    assert [path for path, *_ in store[0].asked] == ["/to"]
    assert not (tmp_path / "f").exists()


async def test_three_redirects_are_followed_and_no_more(store: tuple[Store, int], tmp_path: Path) -> None:
    """A loop ends."""
    assert await get(store, tmp_path / "f", "/to?/to?/to?/film") == FILM
    with pytest.raises(TransportError, match="redirects more than 3 times"):
        await get(store, tmp_path / "f", "/to?/to?/to?/to?/film")


async def test_a_drip_ends(tmp_path: Path) -> None:
    """Bytes that come often enough for the idle time-out, but for ever, meet the one for everything."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b"x")
            await asyncio.sleep(0)  # the client lives in the same loop
        return response

    app = web.Application()
    app.router.add_get("/film", drip)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(TransportError, match=r"within 0\.2 s"):
        await get((Store(), runner.addresses[0][1]), tmp_path / "f", within=0.2)
    assert not (tmp_path / "f").exists()
    await runner.cleanup()


async def test_compression_is_not_wanted(store: tuple[Store, int], tmp_path: Path) -> None:
    """Nobody asked for it, and it could grow in our hands."""
    store[0].headers = {"Content-Encoding": "gzip"}
    with pytest.raises(UnexpectedContent, match="compressed"):
        await get(store, tmp_path / "f")


async def test_a_folder_that_is_not_there_is_our_fault(store: tuple[Store, int], tmp_path: Path) -> None:
    """Not the upstream's."""
    with pytest.raises(StorageFault):
        await get(store, tmp_path / "no" / "f")
