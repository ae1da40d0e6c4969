"""Files over a real socket: by sendfile, and by positioned reads where it is unavailable."""

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
    from tests.integration.server.conftest import ApiServer, Launch, LiveServer

VIDEO = bytes(range(256)) * 4096  # 1 MiB
SHEET = b"\xff\xd8\xff" + bytes(1000)


def _completed_video(live: LiveServer, content: bytes = VIDEO) -> str:
    with live.client() as client:
        video_id: str = client.post("/v1/videos", json={"prompt": "a paper boat"}).json()["id"]
    live.do(
        live.api_server.fake_flow.complete(
            video_id, video=content, thumbnail=b"RIFF", spritesheet=SHEET, preview=b"RIFFx"
        )
    )
    return video_id


def test_the_whole_file_is_downloaded(live: LiveServer) -> None:
    """All headers of the contract, and the bytes."""
    video_id = _completed_video(live)
    with live.client() as client:
        answer = client.get(f"/v1/videos/{video_id}/content")
        assert answer.status_code == 200
        assert answer.content == VIDEO
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-length"] == str(len(VIDEO))
        assert answer.headers["content-disposition"] == f'attachment; filename="{video_id}.mp4"'
        assert answer.headers["etag"] == f'"{hashlib.sha256(VIDEO).hexdigest()}"'
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "private"
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = client.head(f"/v1/videos/{video_id}/content")
        assert (again.status_code, again.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "accept-ranges", "content-disposition"):
            assert again.headers[name] == answer.headers[name]


@pytest.mark.parametrize(
    ("variant", "media_type", "data"),
    [
        ("video", "video/mp4", VIDEO),
        ("thumbnail", "image/webp", b"RIFF"),
        ("spritesheet", "image/jpeg", SHEET),
        ("preview", "image/webp", b"RIFFx"),
    ],
)
def test_each_variant_is_downloaded(live: LiveServer, variant: str, media_type: str, data: bytes) -> None:
    """Each file of a video under its variant's name."""
    video_id = _completed_video(live)
    with live.client() as client:
        answer = client.get(f"/v1/videos/{video_id}/content", params={"variant": variant})
    assert (answer.headers["content-type"], answer.content) == (media_type, data)


@pytest.mark.parametrize("plain", [False, True], ids=["sendfile", "reads"])
async def test_byte_ranges_are_served(api_server: ApiServer, launch: Launch, *, plain: bool) -> None:
    """206 with its Content-Range, 416 with the size, 200 where a range does not apply; by either way of sending."""
    if plain:
        transport: httpx2.ASGITransport | None = httpx2.ASGITransport(app=api_server.app)
        video_id = await _completed_video_in_process(api_server)
        key, base = api_server.key, "http://server"
    else:
        live = launch()
        video_id, transport = await asyncio.to_thread(_completed_video, live), None
        key, base = live.api_server.key, f"http://{live.host}:{live.port}"
    headers = {"authorization": key}
    async with httpx2.AsyncClient(transport=transport, base_url=base, headers=headers, trust_env=False) as client:
        etag = (await client.head(f"/v1/videos/{video_id}/content")).headers["etag"]
        await _check_ranges(client, f"/v1/videos/{video_id}/content", etag)


async def _completed_video_in_process(api_server: ApiServer) -> str:
    transport = httpx2.ASGITransport(app=api_server.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        answer = await client.post("/v1/videos", json={"prompt": "x"}, headers={"authorization": api_server.key})
    video_id: str = answer.json()["id"]
    await api_server.fake_flow.complete(video_id, video=VIDEO)
    return video_id


async def _check_ranges(client: httpx2.AsyncClient, path: str, etag: str) -> None:
    size = len(VIDEO)
    for header, first, last in [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=100-{size * 2}", 100, size - 1),
        ("bytes=1000-900000", 1000, 900_000),
    ]:
        answer = await client.get(path, headers={"range": header})
        assert (answer.status_code, answer.content) == (206, VIDEO[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["content-length"] == str(last - first + 1)
        head = await client.head(path, headers={"range": header})
        assert (head.status_code, head.headers["content-range"]) == (206, answer.headers["content-range"])
    for headers in [
        {"range": "bytes=0-1,5-6"},
        {"range": "lines=1-2"},
        {"range": "bytes=0-1", "if-range": '"other"'},
        {"range": "bytes=0-1", "if-range": f"W/{etag}"},
    ]:
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.content) == (200, VIDEO)
        assert "content-range" not in answer.headers
    assert (await client.get(path, headers={"range": "bytes=0-1", "if-range": etag})).status_code == 206
    beyond = await client.get(path, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert beyond.json()["error"]["code"] == "range_not_satisfiable"
    unchanged = await client.get(path, headers={"if-none-match": f'"x", {etag}'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)


async def test_unavailable_content_has_distinct_errors(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """Not ready, an unknown variant, expired."""
    video_id = (await api.post("/v1/videos", json={"prompt": "x"})).json()["id"]
    early = await api.get(f"/v1/videos/{video_id}/content")
    assert early.status_code == 404
    assert early.json()["error"]["message"] == (
        "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
    )
    unknown_variant = await api.get(f"/v1/videos/{video_id}/content?variant=gif")
    assert (unknown_variant.status_code, unknown_variant.json()["error"]["param"]) == (400, "variant")
    await api_server.fake_flow.complete(video_id, expires_at=time.time() - 1, video=b"video")
    expired = await api.get(f"/v1/videos/{video_id}/content")
    assert (expired.status_code, expired.json()["error"]["code"]) == (404, "video_expired")


def test_deleting_a_video_does_not_break_its_downloads(live: LiveServer) -> None:
    """A running download gets all bytes, whatever happens to the video."""
    content = os.urandom(16 * 1024 * 1024)
    video_id = _completed_video(live, content)
    with live.connect() as connection, live.client() as client:
        connection.sendall(live.head("GET", f"/v1/videos/{video_id}/content", "Connection: close"))
        received = bytearray(connection.recv(1000))
        assert client.delete(f"/v1/videos/{video_id}").status_code == 200
        while piece := connection.recv(1024 * 1024):
            received += piece
    assert received.partition(b"\r\n\r\n")[2] == content


def test_files_share_a_connection(live: LiveServer) -> None:
    """Files and other responses follow each other on one connection, in order, even if pipelined."""
    video_id = _completed_video(live)
    path = f"/v1/videos/{video_id}/content"
    requests = [live.head("GET", path, "Range: bytes=0-9"), live.head("HEAD", path), live.head("GET", path)]
    with live.connect() as connection:
        connection.sendall(b"".join([*requests, live.head("GET", "/healthz", "Connection: close")]))
        received = b"".join(iter(lambda: connection.recv(1024 * 1024), b""))
    assert received.count(b"HTTP/1.1 ") == 4
    assert received.count(VIDEO) == 1
    assert received.endswith(b'{"status":"ok"}')


def test_a_truncated_file_breaks_the_connection(live: LiveServer) -> None:
    """No client takes half a video for a whole one."""
    video_id = _completed_video(live, bytes(64 * 1024 * 1024))
    (path,) = live.api_server.folder.glob("files/**/video.mp4")
    with live.client() as client, client.stream("GET", f"/v1/videos/{video_id}/content") as answer:
        os.truncate(path, 1000)
        with pytest.raises(httpx2.RemoteProtocolError):
            for _ in answer.iter_raw():
                pass


def test_a_client_that_stops_reading_is_disconnected(launch: Launch) -> None:
    """Its file descriptors are closed."""
    live = launch(stall_timeout=0.5)
    video_id = _completed_video(live, bytes(32 * 1024 * 1024))
    before = _descriptors()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((live.host, live.port))
    client.sendall(live.head("GET", f"/v1/videos/{video_id}/content"))
    assert client.recv(1)
    until(lambda: _descriptors() <= before + 1)
    client.close()


def test_disconnecting_clients_leave_no_open_files(live: LiveServer) -> None:
    """A player that seeks leaves no descriptor open."""
    video_id = _completed_video(live, bytes(32 * 1024 * 1024))
    before = _descriptors()
    for _ in range(20):
        with live.connect() as connection:
            connection.sendall(live.head("GET", f"/v1/videos/{video_id}/content"))
            assert connection.recv(100)
    until(lambda: _descriptors() <= before)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("damage", [b"", b"x" * 10, VIDEO + b"x"])
def test_a_damaged_file_is_not_served(live: LiveServer, damage: bytes) -> None:
    """A file that is not as long as it was stored is a fault in the wire's shape, and no source of another video."""
    video_id = _completed_video(live)
    path = live.api_server.folder / "files" / "kept" / "videos" / video_id / "video.mp4"
    path.chmod(0o600)
    path.write_bytes(damage)
    with live.client() as client:
        for _ in range(2):
            response = client.get(f"/v1/videos/{video_id}/content")
            assert (response.status_code, response.json()["error"]["code"]) == (500, "file_damaged")
            assert response.headers["x-should-retry"] == "false"
        remix = client.post(f"/v1/videos/{video_id}/remix", json={"prompt": "at night"})
        assert remix.status_code >= 400
