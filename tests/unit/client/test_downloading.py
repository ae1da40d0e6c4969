"""A downloaded file is complete and verified, or absent, wherever the connection breaks."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from filmgate.client.downloading import commit_file, download_bytes, save
from filmgate.client.effects import ApiResponse, Effect, Open, Read, TransportFailure
from filmgate.client.retrying import ClientState
from filmgate.errors import ConnectionFailed, IntegrityError, OutputExists, UnexpectedAnswer, VideoExpired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.client.conftest import Driver, HttpStub

FIXED_JITTER = ClientState(jitter=lambda: 0.5)


class FileServer:
    """A server with one file whose connections break after the given numbers of bytes."""

    def __init__(self, content: bytes, *breaks: int, etag: str | None = None, ranges: bool = True) -> None:
        self.content = content
        self.etag = etag or hashlib.sha256(content).hexdigest()
        self.supports_ranges = ranges
        self.range_headers: list[str | None] = []
        self._breaks = list(breaks)
        self._body = b""
        self._broken = False

    def __call__(self, effect: Effect) -> ApiResponse | TransportFailure | bytes:
        """Open the file, or read its next chunk."""
        if isinstance(effect, Open):
            return self._open(dict(effect.request.headers))
        assert isinstance(effect, Read)
        if not self._body and self._broken:
            return TransportFailure("reset", sent=True)
        chunk, self._body = self._body[:1000], self._body[1000:]
        return chunk

    def _open(self, headers: dict[str, str]) -> ApiResponse:
        self.range_headers.append(headers.get("range"))
        offset = 0
        if "range" in headers and self.supports_ranges and headers["if-range"] == f'"{self.etag}"':
            offset = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
        rest = self.content[offset:]
        break_after = self._breaks.pop(0) if self._breaks else None
        self._body, self._broken = rest[:break_after], break_after is not None
        response_headers = {"content-type": "video/mp4", "content-length": str(len(rest)), "etag": f'"{self.etag}"'}
        if offset:
            response_headers["content-range"] = f"bytes {offset}-{len(self.content) - 1}/{len(self.content)}"
        return ApiResponse(206 if offset else 200, response_headers)


def _file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_saves_the_file(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """One request; progress is reported; no other file remains."""
    progress: list[tuple[int, int | None]] = []
    server = FileServer(http_stub.mp4)
    procedure = save(
        FIXED_JITTER, "video_1", tmp_path / "f.mp4", on_bytes=lambda done, total: progress.append((done, total))
    )
    assert drive(procedure, server).result == tmp_path / "f.mp4"
    assert (tmp_path / "f.mp4").read_bytes() == http_stub.mp4
    assert progress[-1] == (len(http_stub.mp4), len(http_stub.mp4))
    assert _file_names(tmp_path) == ["f.mp4"]


def test_broken_downloads_are_resumed_to_the_exact_file(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """200 downloads that break at one to four random points: Range resumes each."""
    choose = random.Random(7)  # noqa: S311 - reproducible break points
    for number in range(200):
        target = tmp_path / f"{number}.mp4"
        server = FileServer(http_stub.mp4, *(choose.randrange(len(http_stub.mp4)) for _ in range(choose.randint(1, 4))))
        drive(save(FIXED_JITTER, "video_1", target), server)
        assert target.read_bytes() == http_stub.mp4
    assert all(name.endswith(".mp4") for name in _file_names(tmp_path))


def test_a_part_file_is_resumed_by_a_later_call(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The bytes of a failed download are not downloaded twice."""
    target = tmp_path / "f.mp4"
    with pytest.raises(ConnectionFailed):
        drive(save(FIXED_JITTER, "video_1", target), FileServer(http_stub.mp4, 5000, *[0] * 20))
    assert _file_names(tmp_path) == [f"f.mp4.{http_stub.etag}.part"]
    server = FileServer(http_stub.mp4)
    drive(save(FIXED_JITTER, "video_1", target), server)
    assert server.range_headers == ["bytes=5000-"]
    assert target.read_bytes() == http_stub.mp4


def test_a_part_of_other_content_is_replaced(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """If-Range makes the server send the whole file when its content has changed."""
    target = tmp_path / "f.mp4"
    stale = tmp_path / f"f.mp4.{'0' * 64}.part"
    stale.write_bytes(b"other bytes")
    server = FileServer(http_stub.mp4)
    drive(save(FIXED_JITTER, "video_1", target), server)
    assert server.range_headers == ["bytes=11-"]
    assert target.read_bytes() == http_stub.mp4
    assert _file_names(tmp_path) == ["f.mp4"]


def test_without_range_support_the_download_restarts(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The server responds to a Range request with 200 and the whole file."""
    target = tmp_path / "f.mp4"
    drive(save(FIXED_JITTER, "video_1", target), FileServer(http_stub.mp4, 3000, ranges=False))
    assert target.read_bytes() == http_stub.mp4


def test_bytes_that_differ_from_the_etag_are_rejected(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The ETag is the file's SHA-256; a part that does not match is removed."""
    with pytest.raises(IntegrityError, match="SHA-256"):
        drive(save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), FileServer(http_stub.mp4, etag="a" * 64))
    assert _file_names(tmp_path) == []


@pytest.mark.parametrize("cut", [0, 4, 8, 100, 400, 2000, -1])
def test_a_truncated_file_is_rejected_without_a_digest(
    drive: Driver, http_stub: HttpStub, tmp_path: Path, cut: int
) -> None:
    """A foreign server may declare half a file as the whole: the MP4 boxes show it."""
    with pytest.raises(IntegrityError, match="MP4"):
        drive(save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), FileServer(http_stub.mp4[:cut], etag="opaque"))
    assert _file_names(tmp_path) == []


def test_an_existing_file_is_replaced_only_by_force(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """Also one that was created during the download."""
    target = tmp_path / "f.mp4"
    racing_download = save(FIXED_JITTER, "video_1", target, on_bytes=lambda _done, _total: target.write_bytes(b"mine"))
    with pytest.raises(OutputExists):
        drive(racing_download, FileServer(http_stub.mp4))
    with pytest.raises(OutputExists):
        drive(save(FIXED_JITTER, "video_1", target), FileServer(http_stub.mp4))
    assert target.read_bytes() == b"mine"
    drive(save(FIXED_JITTER, "video_1", target, force=True), FileServer(http_stub.mp4))
    assert target.read_bytes() == http_stub.mp4


def test_html_is_rejected_as_content(drive: Driver, tmp_path: Path) -> None:
    """Before a byte of it is written."""
    page = ApiResponse(200, {"content-type": "text/html", "content-length": "6"})
    with pytest.raises(UnexpectedAnswer, match="text/html"):
        drive(
            save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), lambda effect: page if isinstance(effect, Open) else b""
        )
    assert _file_names(tmp_path) == []


def test_a_response_with_another_range_is_rejected(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The part file cannot be corrupted by it."""
    server = FileServer(http_stub.mp4)
    (tmp_path / f"f.mp4.{http_stub.etag}.part").write_bytes(http_stub.mp4[:500])

    def shifted(effect: Effect) -> object:
        response = server(effect)
        if isinstance(response, ApiResponse):
            return ApiResponse(
                206, {**response.headers, "content-range": f"bytes 499-{len(http_stub.mp4) - 1}/{len(http_stub.mp4)}"}
            )
        return response

    with pytest.raises(UnexpectedAnswer, match="another range"):
        drive(save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), shifted)


def test_an_expired_video_raises_the_servers_error(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """Also where the body was to be streamed."""
    expired = http_stub.response(http_stub.error("video_expired"), 404)
    with pytest.raises(VideoExpired):
        drive(save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), lambda _: expired)


def test_a_download_to_memory_is_verified(drive: Driver) -> None:
    """A thumbnail's length and digest are checked."""
    headers = {"content-type": "image/webp", "content-length": "4", "etag": f'"{hashlib.sha256(b"webp").hexdigest()}"'}
    assert (
        drive(
            download_bytes(FIXED_JITTER, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"webp")
        ).result.body
        == b"webp"
    )
    with pytest.raises(IntegrityError):
        drive(download_bytes(FIXED_JITTER, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"bewp"))
    with pytest.raises(IntegrityError):
        drive(download_bytes(FIXED_JITTER, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"web"))


BREAK_POINTS = range(0, 10_800, 54)
"""200 positions in the file, from its first byte to its last box."""


@pytest.mark.parametrize("server", ["ranges", "no ranges", "no etag", "another etag"])
def test_a_break_at_any_point_leaves_no_bad_file(
    drive: Driver, http_stub: HttpStub, tmp_path: Path, server: str
) -> None:
    """One break at each of 200 points: content that cannot be resumed is downloaded again from the start."""
    other = http_stub.mp4[:-1] + b"\0"
    for point in BREAK_POINTS:
        target = tmp_path / f"{point}.mp4"
        file_server = FileServer(http_stub.mp4, point, ranges=server != "no ranges")

        def reply(effect: Effect, file_server: FileServer = file_server) -> ApiResponse | TransportFailure | bytes:
            if server == "another etag" and isinstance(effect, Open) and file_server.range_headers:
                file_server.content, file_server.etag = other, hashlib.sha256(other).hexdigest()
            response = file_server(effect)
            if server == "no etag" and isinstance(response, ApiResponse):
                return ApiResponse(response.status, {k: v for k, v in response.headers.items() if k != "etag"})
            return response

        drive(save(FIXED_JITTER, "video_1", target), reply)
        assert target.read_bytes() == (other if server == "another etag" else http_stub.mp4)
    assert len(_file_names(tmp_path)) == len(BREAK_POINTS)


@pytest.mark.parametrize("lie", [-1, -5000, 1, 5000])
def test_a_wrong_content_length_is_detected(drive: Driver, http_stub: HttpStub, tmp_path: Path, lie: int) -> None:
    """Longer or shorter than the body, without a digest."""
    server = FileServer(http_stub.mp4, ranges=False, etag="opaque")

    def reply(effect: Effect) -> object:
        response = server(effect)
        if isinstance(response, ApiResponse):
            return ApiResponse(200, {**response.headers, "content-length": str(len(http_stub.mp4) + lie)})
        return response

    with pytest.raises((IntegrityError, ConnectionFailed)):
        drive(save(FIXED_JITTER, "video_1", tmp_path / "f.mp4"), reply)
    assert "f.mp4" not in _file_names(tmp_path)


def test_an_endless_body_is_rejected(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """After max_file_bytes; nothing remains on the disk."""
    endless = ApiResponse(200, {"content-type": "video/mp4"})
    state = ClientState(jitter=lambda: 0.5, max_file_bytes=50_000)
    with pytest.raises(IntegrityError, match="longer than"):
        drive(
            save(state, "video_1", tmp_path / "f.mp4"),
            lambda effect: endless if isinstance(effect, Open) else http_stub.mp4,
        )
    assert _file_names(tmp_path) == []


def test_a_full_disk_keeps_the_part_file(
    drive: Driver,
    http_stub: HttpStub,
    tmp_path: Path,
    resource_limit: Callable[[int], AbstractContextManager[None]],
) -> None:
    """The system's error is raised; with free space the next download resumes."""
    target = tmp_path / "f.mp4"
    with resource_limit(6000), pytest.raises(OSError, match="too large"):
        drive(save(FIXED_JITTER, "video_1", target), FileServer(http_stub.mp4))
    assert target.exists() is False
    server = FileServer(http_stub.mp4)
    drive(save(FIXED_JITTER, "video_1", target), server)
    assert server.range_headers[0] is not None
    assert target.read_bytes() == http_stub.mp4


@pytest.fixture
def resource_limit() -> Callable[[int], AbstractContextManager[None]]:
    """Limit the size of files: the system refuses the next write, as a full disk does."""

    @contextmanager
    def limit(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, before)

    return limit


def test_a_file_is_synced_before_it_is_renamed(tmp_path: Path) -> None:
    """Sync the part, rename it, sync its folder: after a power failure the file is complete or absent."""
    part, target = tmp_path / "f.mp4.part", tmp_path / "f.mp4"
    part.write_bytes(b"video")
    inode = part.stat().st_ino
    synced: list[tuple[bool, bool]] = []
    commit_file(
        part,
        target,
        force=False,
        sync=lambda handle: synced.append((os.fstat(handle).st_ino == inode, target.exists())),
    )
    assert synced == [(True, False), (False, True)]
