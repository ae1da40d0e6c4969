"""Files over a real socket: by sendfile, and by positioned reads where that is not to be had."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.support.polling import until

if TYPE_CHECKING:
    from tests.integration.server.conftest import ApiServer, Launch, Live

FILM = bytes(range(256)) * 4096  # 1 MiB
SHEET = b"\xff\xd8\xff" + bytes(1000)


def _finished(live: Live, film: bytes = FILM) -> str:
    with live.client() as client:
        made: str = client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"]
    live.do(
        live.api_server.fake_flow.complete(made, video=film, thumbnail=b"RIFF", spritesheet=SHEET, preview=b"RIFFx")
    )
    return made


def test_the_whole_file(live: Live) -> None:
    """All headers of the contract, and the bytes."""
    made = _finished(live)
    with live.client() as client:
        answer = client.get(f"/v1/videos/{made}/content")
        assert answer.status_code == 200
        assert answer.content == FILM
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-length"] == str(len(FILM))
        assert answer.headers["content-disposition"] == f'attachment; filename="{made}.mp4"'
        assert answer.headers["etag"] == f'"{hashlib.sha256(FILM).hexdigest()}"'
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "private"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = client.head(f"/v1/videos/{made}/content")
        assert (again.status_code, again.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "accept-ranges", "content-disposition"):
            assert again.headers[name] == answer.headers[name]


@pytest.mark.parametrize(
    ("variant", "media_type", "data"),
    [
        ("video", "video/mp4", FILM),
        ("thumbnail", "image/webp", b"RIFF"),
        ("spritesheet", "image/jpeg", SHEET),
        ("preview", "image/webp", b"RIFFx"),
    ],
)
def test_the_variants(live: Live, variant: str, media_type: str, data: bytes) -> None:
    """Each file of a video under its variant's name."""
    made = _finished(live)
    with live.client() as client:
        answer = client.get(f"/v1/videos/{made}/content", params={"variant": variant})
    assert (answer.headers["content-type"], answer.content) == (media_type, data)


@pytest.mark.parametrize("plain", [False, True], ids=["sendfile", "reads"])
async def test_ranges(api_server: ApiServer, launch: Launch, *, plain: bool) -> None:
    """206 with its Content-Range, 416 with the size, the whole where a range does not count; either way of sending."""
    if plain:
        transport: httpx2.ASGITransport | None = httpx2.ASGITransport(app=api_server.app)
        made = await _made(api_server)
        key, base = api_server.key, "http://server"
    else:
        live = launch()
        made, transport = await asyncio.to_thread(_finished, live), None
        key, base = live.api_server.key, f"http://{live.host}:{live.port}"
    headers = {"authorization": key}
    async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers, trust_env=False) as client:
        etag = (await client.head(f"/v1/videos/{made}/content")).headers["etag"]
        await _check_ranges(client, f"/v1/videos/{made}/content", etag)


async def _made(api_server: ApiServer) -> str:
    transport = httpx2.ASGITransport(app=api_server.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        answer = await client.post("/v1/videos", json={"prompt": "x"}, headers={"authorization": api_server.key})
    made: str = answer.json()["id"]
    await api_server.fake_flow.complete(made, video=FILM)
    return made


async def _check_ranges(client: httpx2.AsyncClient, path: str, etag: str) -> None:
    size = len(FILM)
    for asked, first, last in [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=100-{size * 2}", 100, size - 1),
        ("bytes=1000-900000", 1000, 900_000),
    ]:
        answer = await client.get(path, headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, FILM[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["content-length"] == str(last - first + 1)
        head = await client.head(path, headers={"range": asked})
        assert (head.status_code, head.headers["content-range"]) == (206, answer.headers["content-range"])
    for headers in [
        {"range": "bytes=0-1,5-6"},
        {"range": "lines=1-2"},
        {"range": "bytes=0-1", "if-range": '"other"'},
        {"range": "bytes=0-1", "if-range": f"W/{etag}"},
    ]:
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.content) == (200, FILM)
        assert "content-range" not in answer.headers
    assert (await client.get(path, headers={"range": "bytes=0-1", "if-range": etag})).status_code == 206
    beyond = await client.get(path, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert beyond.json()["error"]["code"] == "range_not_satisfiable"
    unchanged = await client.get(path, headers={"if-none-match": f'"x", {etag}'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)


async def test_what_is_not_there(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Not ready, failed, expired, without that variant, or asked for by a wrong name: told apart."""
    made = (await api.post("/v1/videos", json={"prompt": "x"})).json()["id"]
    early = await api.get(f"/v1/videos/{made}/content")
    assert early.status_code == 404
    assert early.json()["error"]["message"] == (
        "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
    )
    wrong = await api.get(f"/v1/videos/{made}/content?variant=gif")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "variant")
    await api_server.fake_flow.complete(made, expires_at=time.time() - 1, video=b"film")
    late = await api.get(f"/v1/videos/{made}/content")
    assert (late.status_code, late.json()["error"]["code"]) == (404, "video_expired")


def test_deleting_takes_nothing_from_a_reader(live: Live) -> None:
    """Whoever is downloading keeps their bytes, whatever happens to the video."""
    film = os.urandom(16 * 1024 * 1024)
    made = _finished(live, film)
    with live.connect() as connection, live.client() as client:
        connection.sendall(live.head("GET", f"/v1/videos/{made}/content", "Connection: close"))
        received = bytearray(connection.recv(1000))
        assert client.delete(f"/v1/videos/{made}").status_code == 200
        while piece := connection.recv(1024 * 1024):
            received += piece
    assert received.partition(b"\r\n\r\n")[2] == film


def test_one_connection_after_another_file(live: Live) -> None:
    """Files, errors and answers follow each other on one connection, in their order, also when asked for at once."""
    made = _finished(live)
    path = f"/v1/videos/{made}/content"
    asked = [live.head("GET", path, "Range: bytes=0-9"), live.head("HEAD", path), live.head("GET", path)]
    with live.connect() as connection:
        connection.sendall(b"".join([*asked, live.head("GET", "/healthz", "Connection: close")]))
        received = b"".join(iter(lambda: connection.recv(1024 * 1024), b""))
    assert received.count(b"HTTP/1.1 ") == 4
    assert received.count(FILM) == 1
    assert received.endswith(b'{"status":"ok"}')


def test_a_file_cut_short_breaks_the_connection(live: Live) -> None:
    """Half a film is never taken for a whole one."""
    made = _finished(live, bytes(64 * 1024 * 1024))
    (path,) = live.api_server.folder.glob("files/**/video.mp4")
    with live.client() as client, client.stream("GET", f"/v1/videos/{made}/content") as answer:
        os.truncate(path, 1000)
        with pytest.raises(httpx2.RemoteProtocolError):
            for _ in answer.iter_raw():
                pass


def test_a_reader_that_never_reads(launch: Launch) -> None:
    """A client that takes no byte is cut off, and gives its descriptors back."""
    live = launch(stall_timeout=0.5)
    made = _finished(live, bytes(32 * 1024 * 1024))
    before = _descriptors()
    dead = socket.socket()
    dead.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    dead.connect((live.host, live.port))
    dead.sendall(live.head("GET", f"/v1/videos/{made}/content"))
    until(lambda: _descriptors() >= before + 3)
    until(lambda: _descriptors() <= before + 1)
    dead.close()


def test_readers_that_hang_up(live: Live) -> None:
    """A player that jumps about leaves nothing open behind it."""
    made = _finished(live, bytes(32 * 1024 * 1024))
    before = _descriptors()
    for _ in range(20):
        with live.connect() as connection:
            connection.sendall(live.head("GET", f"/v1/videos/{made}/content"))
            assert connection.recv(100)
    until(lambda: _descriptors() <= before)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
