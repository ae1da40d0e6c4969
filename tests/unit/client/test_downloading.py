"""A file is there whole and verified, or not at all, wherever the connection breaks."""

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

STEADY = ClientState(jitter=lambda: 0.5)


class Shelf:
    """A server with one film, whose connection breaks after the given numbers of bytes."""

    def __init__(self, film: bytes, *cuts: int, etag: str | None = None, ranges: bool = True) -> None:
        self.film = film
        self.etag = etag or hashlib.sha256(film).hexdigest()
        self.ranges = ranges
        self.asked: list[str | None] = []
        self._cuts = list(cuts)
        self._body = b""
        self._broken = False

    def __call__(self, action: Effect) -> ApiResponse | TransportFailure | bytes:
        """Open the film, or read on in it."""
        if isinstance(action, Open):
            return self._open(dict(action.request.headers))
        assert isinstance(action, Read)
        if not self._body and self._broken:
            return TransportFailure("reset", sent=True)
        chunk, self._body = self._body[:1000], self._body[1000:]
        return chunk

    def _open(self, headers: dict[str, str]) -> ApiResponse:
        self.asked.append(headers.get("range"))
        offset = 0
        if "range" in headers and self.ranges and headers["if-range"] == f'"{self.etag}"':
            offset = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
        rest = self.film[offset:]
        cut = self._cuts.pop(0) if self._cuts else None
        self._body, self._broken = rest[:cut], cut is not None
        given = {"content-type": "video/mp4", "content-length": str(len(rest)), "etag": f'"{self.etag}"'}
        if offset:
            given["content-range"] = f"bytes {offset}-{len(self.film) - 1}/{len(self.film)}"
        return ApiResponse(206 if offset else 200, given)


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_film_arrives(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """One request, the bytes told as they come, nothing but the film left behind."""
    told: list[tuple[int, int | None]] = []
    shelf = Shelf(http_stub.film)
    machine = save(STEADY, "video_1", tmp_path / "f.mp4", on_bytes=lambda done, total: told.append((done, total)))
    assert drive(machine, shelf).result == tmp_path / "f.mp4"
    assert (tmp_path / "f.mp4").read_bytes() == http_stub.film
    assert told[-1] == (len(http_stub.film), len(http_stub.film))
    assert _left(tmp_path) == ["f.mp4"]


def test_no_cut_leaves_a_bad_file(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """At 200 random points, several a download: it is taken up by Range, and ends with exactly the film."""
    choose = random.Random(7)  # noqa: S311 - the same cuts every time
    for number in range(200):
        target = tmp_path / f"{number}.mp4"
        shelf = Shelf(http_stub.film, *(choose.randrange(len(http_stub.film)) for _ in range(choose.randint(1, 4))))
        drive(save(STEADY, "video_1", target), shelf)
        assert target.read_bytes() == http_stub.film
    assert all(name.endswith(".mp4") for name in _left(tmp_path))


def test_another_process_takes_it_up(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """What a download that gave up has left is not fetched twice."""
    target = tmp_path / "f.mp4"
    with pytest.raises(ConnectionFailed):
        drive(save(STEADY, "video_1", target), Shelf(http_stub.film, 5000, *[0] * 20))
    assert _left(tmp_path) == [f"f.mp4.{http_stub.etag}.part"]
    shelf = Shelf(http_stub.film)
    drive(save(STEADY, "video_1", target), shelf)
    assert shelf.asked == ["bytes=5000-"]
    assert target.read_bytes() == http_stub.film


def test_a_part_of_another_content_is_of_no_use(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """If-Range makes the server send the whole when it has something else by now."""
    target = tmp_path / "f.mp4"
    stale = tmp_path / f"f.mp4.{'0' * 64}.part"
    stale.write_bytes(b"other bytes")
    shelf = Shelf(http_stub.film)
    drive(save(STEADY, "video_1", target), shelf)
    assert shelf.asked == ["bytes=11-"]
    assert target.read_bytes() == http_stub.film
    assert _left(tmp_path) == ["f.mp4"]


def test_a_server_without_ranges_is_asked_from_the_start(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """A 200 to a Range request means: the whole again."""
    target = tmp_path / "f.mp4"
    drive(save(STEADY, "video_1", target), Shelf(http_stub.film, 3000, ranges=False))
    assert target.read_bytes() == http_stub.film


def test_other_bytes_than_promised_are_refused(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The ETag is the file's SHA-256: a flipped bit is found, and the part is removed."""
    with pytest.raises(IntegrityError, match="SHA-256"):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), Shelf(http_stub.film, etag="a" * 64))
    assert _left(tmp_path) == []


@pytest.mark.parametrize("cut", [0, 4, 8, 100, 400, 2000, -1])
def test_a_cut_off_film_is_refused_without_a_hash(drive: Driver, http_stub: HttpStub, tmp_path: Path, cut: int) -> None:
    """A foreign server may send half a file as if it were whole: its boxes tell."""
    with pytest.raises(IntegrityError, match="MP4"):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), Shelf(http_stub.film[:cut], etag="opaque"))
    assert _left(tmp_path) == []


def test_nothing_is_overwritten_unasked(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """A file that is there stays, also one that appeared during the download; ``force`` replaces it."""
    target = tmp_path / "f.mp4"
    appear = save(STEADY, "video_1", target, on_bytes=lambda _done, _total: target.write_bytes(b"mine"))
    with pytest.raises(OutputExists):
        drive(appear, Shelf(http_stub.film))
    with pytest.raises(OutputExists):
        drive(save(STEADY, "video_1", target), Shelf(http_stub.film))
    assert target.read_bytes() == b"mine"
    drive(save(STEADY, "video_1", target, force=True), Shelf(http_stub.film))
    assert target.read_bytes() == http_stub.film


def test_a_web_page_is_no_film(drive: Driver, tmp_path: Path) -> None:
    """HTML is refused before a byte of it is written."""
    page = ApiResponse(200, {"content-type": "text/html", "content-length": "6"})
    with pytest.raises(UnexpectedAnswer, match="text/html"):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), lambda action: page if isinstance(action, Open) else b"")
    assert _left(tmp_path) == []


def test_a_part_out_of_place_is_refused(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """A server that sends another range than asked for can't spoil the file."""
    shelf = Shelf(http_stub.film)
    (tmp_path / f"f.mp4.{http_stub.etag}.part").write_bytes(http_stub.film[:500])

    def shifted(action: Effect) -> object:
        answer = shelf(action)
        if isinstance(answer, ApiResponse):
            return ApiResponse(
                206, {**answer.headers, "content-range": f"bytes 499-{len(http_stub.film) - 1}/{len(http_stub.film)}"}
            )
        return answer

    with pytest.raises(UnexpectedAnswer, match="another range"):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), shifted)


def test_an_expired_film_says_so(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """The server's own error comes through, also where only the body was to be streamed."""
    gone = http_stub.answer(http_stub.error("video_expired"), 404)
    with pytest.raises(VideoExpired):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), lambda _: gone)


def test_a_file_in_memory_is_verified_too(drive: Driver) -> None:
    """Thumbnails and the like are held against length and hash."""
    headers = {"content-type": "image/webp", "content-length": "4", "etag": f'"{hashlib.sha256(b"webp").hexdigest()}"'}
    assert (
        drive(download_bytes(STEADY, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"webp")).result.body
        == b"webp"
    )
    with pytest.raises(IntegrityError):
        drive(download_bytes(STEADY, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"bewp"))
    with pytest.raises(IntegrityError):
        drive(download_bytes(STEADY, "video_1", "thumbnail"), lambda _: ApiResponse(200, headers, b"web"))


POINTS = range(0, 10_800, 54)
"""200 places in the film, from its first byte to its last box."""


@pytest.mark.parametrize("server", ["ranges", "no ranges", "no etag", "another etag"])
def test_at_no_point_is_a_bad_file_left(drive: Driver, http_stub: HttpStub, tmp_path: Path, server: str) -> None:
    """Cut once at each of 200 points: what a server can't continue is fetched anew, and never pieced together."""
    other = http_stub.film[:-1] + b"\0"
    for point in POINTS:
        target = tmp_path / f"{point}.mp4"
        shelf = Shelf(http_stub.film, point, ranges=server != "no ranges")

        def reply(action: Effect, shelf: Shelf = shelf) -> ApiResponse | TransportFailure | bytes:
            if server == "another etag" and isinstance(action, Open) and shelf.asked:
                shelf.film, shelf.etag = other, hashlib.sha256(other).hexdigest()
            answer = shelf(action)
            if server == "no etag" and isinstance(answer, ApiResponse):
                return ApiResponse(answer.status, {k: v for k, v in answer.headers.items() if k != "etag"})
            return answer

        drive(save(STEADY, "video_1", target), reply)
        assert target.read_bytes() == (other if server == "another etag" else http_stub.film)
    assert len(_left(tmp_path)) == len(POINTS)


@pytest.mark.parametrize("lie", [-1, -5000, 1, 5000])
def test_a_lie_about_the_length_is_found_out(drive: Driver, http_stub: HttpStub, tmp_path: Path, lie: int) -> None:
    """Longer or shorter than what comes, with no hash to tell."""
    shelf = Shelf(http_stub.film, ranges=False, etag="opaque")

    def reply(action: Effect) -> object:
        answer = shelf(action)
        if isinstance(answer, ApiResponse):
            return ApiResponse(200, {**answer.headers, "content-length": str(len(http_stub.film) + lie)})
        return answer

    with pytest.raises((IntegrityError, ConnectionFailed)):
        drive(save(STEADY, "video_1", tmp_path / "f.mp4"), reply)
    assert "f.mp4" not in _left(tmp_path)


def test_what_never_ends_is_no_film(drive: Driver, http_stub: HttpStub, tmp_path: Path) -> None:
    """Neither on the disk nor in memory."""
    endless = ApiResponse(200, {"content-type": "video/mp4"})
    session = ClientState(jitter=lambda: 0.5, max_file_bytes=50_000)
    with pytest.raises(IntegrityError, match="longer than"):
        drive(
            save(session, "video_1", tmp_path / "f.mp4"),
            lambda act: endless if isinstance(act, Open) else http_stub.film,
        )
    assert _left(tmp_path) == []


def test_a_full_disk_keeps_what_is_there(
    drive: Driver,
    http_stub: HttpStub,
    tmp_path: Path,
    resource_limit: Callable[[int], AbstractContextManager[None]],
) -> None:
    """The error is the system's; once there is room the download goes on where it stopped."""
    target = tmp_path / "f.mp4"
    with resource_limit(6000), pytest.raises(OSError, match="too large"):
        drive(save(STEADY, "video_1", target), Shelf(http_stub.film))
    assert target.exists() is False
    shelf = Shelf(http_stub.film)
    drive(save(STEADY, "video_1", target), shelf)
    assert shelf.asked[0] is not None
    assert target.read_bytes() == http_stub.film


@pytest.fixture
def resource_limit() -> Callable[[int], AbstractContextManager[None]]:
    """A file may have so many bytes and no more: the system refuses the next write, as a full disk does."""

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


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path) -> None:
    """The part is synced, then renamed, then its folder is synced: what a power cut leaves is whole or not there."""
    part, target = tmp_path / "f.mp4.part", tmp_path / "f.mp4"
    part.write_bytes(b"film")
    ino = part.stat().st_ino
    seen: list[tuple[bool, bool]] = []
    commit_file(
        part, target, force=False, sync=lambda handle: seen.append((os.fstat(handle).st_ino == ino, target.exists()))
    )
    assert seen == [(True, False), (False, True)]
