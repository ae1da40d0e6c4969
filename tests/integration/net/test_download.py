"""Downloads: complete, bounded, resumed where that is safe, and restarted where it is not."""

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

VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 12_000


class Store:
    """Serves a file and closes the connection early where a test wants it to."""

    def __init__(self) -> None:
        self.content = VIDEO
        self.etag = '"one"'
        self.ranges = True
        self.breaks: list[int] = []  # after how many bytes each response breaks off
        self.requests: list[tuple[str, str | None, str | None]] = []
        self.keys: list[str | None] = []
        self.changes: dict[int, bytes] = {}  # the file from the n-th request on
        self.part_from: int | None = None
        self.status = 200
        self.headers: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the file, or the requested range."""
        range_header, condition = request.headers.get("Range"), request.headers.get("If-Range")
        self.requests.append((request.path, range_header, condition))
        self.keys.append(request.headers.get("Authorization"))
        if request.path == "/to":
            return web.Response(status=302, headers={"Location": request.query_string})
        if self.status != 200:
            return web.Response(status=self.status, text="no", headers=self.headers)
        if len(self.requests) in self.changes:
            self.content = self.changes[len(self.requests)]
            self.etag = f'"{hashlib.sha256(self.content).hexdigest()[:8]}"'
        start = (
            int(re.findall(r"\d+", range_header)[0])
            if range_header and self.ranges and condition in {None, self.etag}
            else 0
        )
        return await self._send(request, start)

    async def _send(self, request: web.Request, start: int) -> web.StreamResponse:
        rest = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": self.etag, **self.headers})
        if "Transfer-Encoding" not in self.headers:
            response.content_length = len(rest)
        if start:
            first = start if self.part_from is None else self.part_from
            response.headers["Content-Range"] = f"bytes {first}-{len(self.content) - 1}/{len(self.content)}"
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
    """A store, started for one test, and its port."""
    store = Store()
    app = web.Application()
    app.router.add_get("/{path:.*}", store.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield store, runner.addresses[0][1]
    await runner.cleanup()


async def get(store: tuple[Store, int], into: Path, path: str = "/video", **options: Any) -> bytes:
    """Download from ``media.example`` with a key for it; return the file's content."""
    names = Names(media=[["127.0.0.1"]], other=[["127.0.0.1"]], inner=[["10.0.0.7"]])
    client = UpstreamClient(
        f"http://media.example:{store[1]}",
        headers={"Authorization": "secret"},
        resolver=names,
        allow_hosts=options.pop("allow_hosts", ()),
        idle_timeout=options.pop("idle_timeout", 5.0),
    )
    try:
        arguments = {"limit": 10**8, "within": 30.0, **options}
        size = await download(client, f"http://media.example:{store[1]}{path}", into, **arguments)
        content = await asyncio.to_thread(into.read_bytes)
        assert size == len(content)
        return content
    finally:
        await client.close()


async def test_a_file_is_downloaded(store: tuple[Store, int], tmp_path: Path) -> None:
    """One request without a Range is enough."""
    assert await get(store, tmp_path / "f") == VIDEO
    assert store[0].requests == [("/video", None, None)]


async def test_a_broken_download_is_resumed(store: tuple[Store, int], tmp_path: Path) -> None:
    """Only the missing bytes are requested, under the same strong ETag."""
    store[0].breaks = [1_000_000, 900_000, 700_000]
    assert await get(store, tmp_path / "f") == VIDEO
    assert len(store[0].requests) == 4
    starts = [re.findall(r"\d+", range_header or "bytes=0-")[0] for _, range_header, _ in store[0].requests]
    assert starts == sorted(starts, key=int)
    assert {condition for *_, condition in store[0].requests[1:]} == {'"one"'}


@pytest.mark.parametrize("percent", range(1, 100, 7))
async def test_a_download_resumes_at_any_byte(store: tuple[Store, int], tmp_path: Path, percent: int) -> None:
    """It resumes however many bytes were received."""
    store[0].content = VIDEO[:100_000]
    store[0].breaks = [percent * 1000]
    assert await get(store, tmp_path / "f") == VIDEO[:100_000]


async def test_a_whole_file_instead_of_a_range_restarts(store: tuple[Store, int], tmp_path: Path) -> None:
    """A 200 to a Range request starts again; no bytes are doubled."""
    store[0].ranges = False
    store[0].breaks = [1_000_000]
    assert await get(store, tmp_path / "f") == VIDEO


async def test_a_changed_file_restarts(store: tuple[Store, int], tmp_path: Path) -> None:
    """Halves of two videos must not be mixed; the server answers 200, because If-Range no longer matches."""
    store[0].breaks = [1_000_000]
    store[0].changes = {2: VIDEO[::-1]}
    assert await get(store, tmp_path / "f") == VIDEO[::-1]


@pytest.mark.parametrize("etag", ['W/"weak"', "", "unquoted"])
async def test_without_a_strong_etag_nothing_is_resumed(store: tuple[Store, int], tmp_path: Path, etag: str) -> None:
    """It is unknown whether the rest belongs to the same file; the next attempt starts again."""
    store[0].etag = etag
    store[0].breaks = [1_000_000]
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f")
    assert not (tmp_path / "f").exists()
    assert len(store[0].requests) == 1


async def test_a_wrong_range_is_refused(store: tuple[Store, int], tmp_path: Path) -> None:
    """A server that returns a wrong range is not range_header for one again."""
    store[0].breaks = [1_000_000]
    store[0].part_from = 5
    with pytest.raises(TransportError, match="another range"):
        await get(store, tmp_path / "f")


async def test_resuming_without_progress_fails(store: tuple[Store, int], tmp_path: Path) -> None:
    """Each resume must receive bytes."""
    store[0].breaks = [1_000_000, 0, 0, 0]
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f")
    assert len(store[0].requests) <= 4
    assert not (tmp_path / "f").exists()


async def test_an_endless_file_is_cut_off(store: tuple[Store, int], tmp_path: Path) -> None:
    """The limit applies with and without a Content-Length."""
    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        store[0].headers = dict(headers)
        with pytest.raises(UnexpectedContent, match="more than 1000 bytes"):
            await get(store, tmp_path / "f", limit=1000)
        assert not (tmp_path / "f").exists()


async def test_a_chunked_file_is_downloaded(store: tuple[Store, int], tmp_path: Path) -> None:
    """Its length is not announced."""
    store[0].headers = {"Transfer-Encoding": "chunked"}
    assert await get(store, tmp_path / "f") == VIDEO


@pytest.mark.parametrize("content", [b"<html>", b"", b"x" * 511, b"y" * 5_000_000])
async def test_unexpected_content_is_detected_by_its_head(
    store: tuple[Store, int], tmp_path: Path, content: bytes
) -> None:
    """It is checked as soon as the head is complete; for a short file, at its end."""
    store[0].content = content
    heads: list[bytes] = []

    def content_error(head: bytes) -> str:
        heads.append(head)
        return "It is no video."

    with pytest.raises(UnexpectedContent, match="no video"):
        await get(store, tmp_path / "f", content_error=content_error)
    assert heads == [content[:512]]
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize("status", [204, 206, 400, 404, 416, 500, 503])
async def test_an_error_response_is_raised_with_its_body(store: tuple[Store, int], tmp_path: Path, status: int) -> None:
    """Some servers put the file's URL into the body."""
    store[0].status = status
    store[0].headers = {"Retry-After": "3"}
    with pytest.raises(HttpStatusError) as caught:
        await get(store, tmp_path / "f")
    assert (caught.value.status, caught.value.headers["retry-after"]) == (status, "3")
    assert caught.value.body == (b"" if status == 204 else b"no")
    assert not (tmp_path / "f").exists()


async def test_a_redirect_to_another_origin_gets_no_key(store: tuple[Store, int], tmp_path: Path) -> None:
    """The key is sent to the same origin only."""
    elsewhere = f"/to?http://other.example:{store[1]}/video?sig=a%2Fb"
    await get(store, tmp_path / "f", elsewhere, allow_hosts=["other.example"])
    await get(store, tmp_path / "f", "/to?/video")
    assert store[0].keys == ["secret", None, "secret", "secret"]


@pytest.mark.parametrize(
    "target",
    ["http://inner.example/", "http://127.0.0.1:{port}/", "http://169.254.169.254/", "file:///etc/passwd", "http://["],
)
async def test_a_redirect_into_our_network_is_not_followed(
    store: tuple[Store, int], tmp_path: Path, target: str
) -> None:
    """The same applies to every host that is not allowed."""
    with pytest.raises(TransportError):
        await get(store, tmp_path / "f", f"/to?{target.format(port=store[1])}")
    assert [path for path, *_ in store[0].requests] == ["/to"]
    assert not (tmp_path / "f").exists()


async def test_at_most_three_redirects_are_followed(store: tuple[Store, int], tmp_path: Path) -> None:
    """A redirect loop ends with an error."""
    assert await get(store, tmp_path / "f", "/to?/to?/to?/video") == VIDEO
    with pytest.raises(TransportError, match="redirects more than 3 times"):
        await get(store, tmp_path / "f", "/to?/to?/to?/to?/video")


async def test_a_slow_download_ends_at_the_total_timeout(tmp_path: Path) -> None:
    """Bytes that come often enough for the idle timeout, but forever, meet the total timeout."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b"x")
            await asyncio.sleep(0)  # the client runs in the same loop
        return response

    app = web.Application()
    app.router.add_get("/video", drip)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(TransportError, match=r"within 0\.2 s"):
        await get((Store(), runner.addresses[0][1]), tmp_path / "f", within=0.2)
    assert not (tmp_path / "f").exists()
    await runner.cleanup()


async def test_a_compressed_response_is_refused(store: tuple[Store, int], tmp_path: Path) -> None:
    """It was not requested, and its decompressed size is unbounded."""
    store[0].headers = {"Content-Encoding": "gzip"}
    with pytest.raises(UnexpectedContent, match="compressed"):
        await get(store, tmp_path / "f")


async def test_a_missing_folder_is_a_storage_fault(store: tuple[Store, int], tmp_path: Path) -> None:
    """The error does not blame the upstream."""
    with pytest.raises(StorageFault):
        await get(store, tmp_path / "no" / "f")
