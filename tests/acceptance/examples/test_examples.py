"""The five example programs against a real server: what they print, save and exit with."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import av
import httpx2
import pytest
from tests.support.served import Served

from filmgate.bootstrap.data_folder import open_store
from filmgate.config.settings import Settings

from .conftest import Program, Ran, finish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

ACCEPTED = re.compile(r"\[1/3\] Submitted +(video_[0-9a-f]{32}) ")
BASES = {"/v1": "4", "/dmxapi/v1": "8", "/apiyi/v1": "4", "/apiyi-async/v1": "10"}
FEW = 1
"""Creates a minute of the key that meets a 429."""


def _films(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _check_saved(ran: Ran, folder: Path, seconds: int) -> None:
    """One film that plays, under the name that the examples promise, and every step was told."""
    assert ran.status == 0, ran
    accepted = ACCEPTED.search(ran.said)
    assert accepted, ran
    [film] = _films(folder)
    assert film.name == f"sora_video_{accepted[1][-8:]}.mp4"
    size = film.stat().st_size
    assert re.search(r"\[2/3\] completed +100 %", ran.said)
    assert f"[3/3] Downloading 100 %  {size} of {size} bytes" in ran.said
    assert f"Saved {film} ({size} bytes)" in ran.said
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert (stream.width, stream.height) == (1280, 720)
        assert frames / float(stream.average_rate or 1) == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize("base", BASES)
def test_text_to_video(program: Program, quick: Served, tmp_path: Path, base: str) -> None:
    """A prompt becomes a film that plays, on every vendor's base URL, unchanged."""
    seconds = BASES[base]
    _check_saved(program.run(quick, tmp_path, "--seconds", seconds, base=base), tmp_path, int(seconds))


def test_picture_to_video(program: Program, quick: Served, picture: Path, tmp_path: Path) -> None:
    """A picture is sent as the first frame, whatever its file is called."""
    ran = program.run(quick, tmp_path, "--image", str(picture))
    _check_saved(ran, tmp_path, 4)


def test_environment(program: Program, quick: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no flag says, the environment says."""
    monkeypatch.setenv("SORA_SECONDS", "8")
    monkeypatch.setenv("SORA_MODEL", "sora-2-pro")
    ran = program.run(quick, tmp_path)
    _check_saved(ran, tmp_path, 8)
    assert "(sora-2-pro, 1280x720, 8 s)" in ran.said


@pytest.mark.parametrize("base", ["/v1", "/apiyi-async/v1"])
def test_failed_video(program: Program, slow: Served, tmp_path: Path, base: str) -> None:
    """A video that fails ends the program with 7 and the reason, spelled as an object or as a string."""
    process = program.start(slow, tmp_path, "--seconds", BASES[base], base=base)
    assert process.stdout is not None
    accepted = ACCEPTED.search(process.stdout.readline())
    assert accepted, finish(process)
    url = f"{slow.url}/v1/videos/{accepted[1]}/cancel"
    httpx2.post(url, headers={"Authorization": slow.key}).raise_for_status()
    ran = finish(process)
    assert (ran.status, _films(tmp_path)) == (7, [])
    assert "The video failed: The video was cancelled." in ran.complained


def test_patience(program: Program, slow: Served, tmp_path: Path) -> None:
    """Out of patience, the program ends with 10 and the id to come back with; the video goes on."""
    ran = program.run(slow, tmp_path, "--patience", "0.5")
    accepted = ACCEPTED.search(ran.said)
    assert accepted, ran
    assert (ran.status, _films(tmp_path)) == (10, [])
    assert re.search(rf"Still \w+ after 0\.5 s; look again later: {accepted[1]}", ran.complained), ran
    video = httpx2.get(f"{slow.url}/v1/videos/{accepted[1]}", headers={"Authorization": slow.key}).json()
    assert video["status"] in {"queued", "in_progress"}


def test_wrong_key(program: Program, quick: Served, tmp_path: Path) -> None:
    """A wrong key ends the program with 4, and what it prints shows no key whole."""
    ran = program.run(quick, tmp_path, "--api-key", "sk-wrong-0123456789abcdef")
    assert (ran.status, _films(tmp_path)) == (4, [])
    assert "401: Incorrect API key provided: sk-wr…ef." in ran.complained


def test_rejected(program: Program, quick: Served, tmp_path: Path) -> None:
    """A request that will never be accepted ends the program with 6 and the whole reason."""
    ran = program.run(quick, tmp_path, "--size", "1920x1080")
    assert (ran.status, _films(tmp_path)) == (6, [])
    assert "400: Invalid value: '1920x1080'. Supported values are: '720x1280' and '1280x720'." in ran.complained


def test_no_prompt(program: Program, quick: Served, tmp_path: Path) -> None:
    """Without a prompt nothing is sent, and the program says what it needs."""
    ran = program.run(quick, tmp_path, "--prompt", "")
    assert (ran.status, ran.said) == (2, "")
    assert "prompt is needed" in ran.complained


async def test_too_many_requests(
    program: Program, slow: Served, slow_folder: Path, open_door: OpenDoor, tmp_path: Path
) -> None:
    """Told to come back later than it has patience for, the program asks once, and ends with 5 and the reason."""
    store = open_store(Settings(data=slow_folder / "data"))
    account = await store.accounts.create_account("few", None)
    _, secret = await store.accounts.create_key(account.id, "few", requests_per_minute=FEW)
    await store.close()
    few = Served(slow.url, secret)
    assert program.run(few, tmp_path, "--patience", "0.5").status == 10
    door = open_door(slow.url, bounces=0)
    ran = program.run(Served(door.address, secret), tmp_path, "--patience", "5")
    assert (ran.status, ran.said) == (5, ""), ran
    assert "429: Rate limit reached: " in ran.complained
    assert len(door.knocks) == 1


class _Bouncer(BaseHTTPRequestHandler):
    """Passes every request on to the real server, but answers the first creates itself: 429, come back in a second.

    As a rate limiter does, it answers so again to a client that comes back sooner.
    """

    protocol_version = "HTTP/1.1"
    server: _Door

    def do_POST(self) -> None:
        """A create."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.knocks.append(self.headers["Idempotency-Key"])
        if len(self.server.knocks) > self.server.bounces and time.monotonic() >= self.server.opens_at:
            self._pass_on(body)
            return
        self.server.opens_at = time.monotonic() + 1
        said = b'{"error":{"message":"Slow down.","type":"rate_limit_exceeded","param":null,"code":null}}'
        self._answer(429, {"Retry-After": "1", "Content-Type": "application/json"}, said)

    def do_GET(self) -> None:
        """A look, or the download."""
        self._pass_on(None)

    def _pass_on(self, body: bytes | None) -> None:
        connection = HTTPConnection(urlsplit(self.server.url).netloc, timeout=90)
        names = ("Authorization", "Content-Type", "Idempotency-Key")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        shown = {name: answer.headers[name] for name in ("Content-Type", "Retry-After") if name in answer.headers}
        self._answer(answer.status, shown, answer.read())
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
        """Say nothing."""


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, url: str, bounces: int) -> None:
        super().__init__(("127.0.0.1", 0), _Bouncer)
        self.url = url
        self.bounces = bounces  # creates that are sent away
        self.opens_at = 0.0
        self.knocks: list[str] = []  # the idempotency keys of creates

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


OpenDoor = Callable[..., _Door]
"""Opens a server before another one: its address, and how many creates are sent away."""


@pytest.fixture
def open_door() -> Iterator[OpenDoor]:
    """Servers before a server, closed at the end."""
    with ExitStack() as stack:

        def start(url: str, bounces: int) -> _Door:
            door = stack.enter_context(_Door(url, bounces))
            thread = Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(door.shutdown)
            return door

        yield start


def test_obeys_retry_after(program: Program, open_door: OpenDoor, quick: Served, tmp_path: Path) -> None:
    """Sent away for a second, the program asks once more, not sooner, and gets its film."""
    door = open_door(quick.url, bounces=1)
    ran = program.run(Served(door.address, quick.key), tmp_path)
    _check_saved(ran, tmp_path, 4)
    key, again = door.knocks
    assert key == again != ""
    assert "429, asking again in 1 s" in ran.complained
