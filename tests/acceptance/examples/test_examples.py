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

from .conftest import Program, Result, finish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCEPTED = re.compile(r"\[1/3\] Submitted +(video_[0-9a-f]{32}) ")
BASES = {"/v1": "4", "/dmxapi/v1": "8", "/apiyi/v1": "4", "/apiyi-async/v1": "10"}
REQUESTS_PER_MINUTE = 1
"""Creates a minute of the key that meets a 429."""


def _saved_files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _check_saved(result: Result, folder: Path, seconds: int) -> None:
    """Check one playable file under the documented name, and a line for every step."""
    assert result.status == 0, result
    accepted = ACCEPTED.search(result.stdout)
    assert accepted, result
    [path] = _saved_files(folder)
    assert path.name == f"sora_video_{accepted[1][-8:]}.mp4"
    size = path.stat().st_size
    assert re.search(r"\[2/3\] completed +100 %", result.stdout)
    assert f"[3/3] Downloading 100 %  {size} of {size} bytes" in result.stdout
    assert f"Saved {path} ({size} bytes)" in result.stdout
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert (stream.width, stream.height) == (1280, 720)
        assert frames / float(stream.average_rate or 1) == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize("base", BASES)
def test_text_to_video(program: Program, quick: Served, tmp_path: Path, base: str) -> None:
    """A prompt becomes a playable video on every vendor's base URL, without a change of the program."""
    seconds = BASES[base]
    _check_saved(program.run(quick, tmp_path, "--seconds", seconds, base=base), tmp_path, int(seconds))


def test_image_to_video(program: Program, quick: Served, reference: Path, tmp_path: Path) -> None:
    """An image is sent as the first frame, also with spaces and Chinese in its file name."""
    result = program.run(quick, tmp_path, "--image", str(reference))
    _check_saved(result, tmp_path, 4)


def test_environment(program: Program, quick: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable applies where a flag is missing."""
    monkeypatch.setenv("SORA_SECONDS", "8")
    monkeypatch.setenv("SORA_MODEL", "sora-2-pro")
    result = program.run(quick, tmp_path)
    _check_saved(result, tmp_path, 8)
    assert "(sora-2-pro, 1280x720, 8 s)" in result.stdout


@pytest.mark.parametrize("base", ["/v1", "/apiyi-async/v1"])
def test_failed_video(program: Program, slow: Served, tmp_path: Path, base: str) -> None:
    """A failed video ends the program with 7 and the reason, which is an object or a string."""
    process = program.start(slow, tmp_path, "--seconds", BASES[base], base=base)
    assert process.stdout is not None
    accepted = ACCEPTED.search(process.stdout.readline())
    assert accepted, finish(process)
    url = f"{slow.url}/v1/videos/{accepted[1]}/cancel"
    httpx2.post(url, headers={"Authorization": slow.key}).raise_for_status()
    result = finish(process)
    assert (result.status, _saved_files(tmp_path)) == (7, [])
    assert "The video failed: The video was cancelled." in result.stderr


def test_timeout(program: Program, slow: Served, tmp_path: Path) -> None:
    """After its timeout the program ends with 10 and prints the id; the video is still being made."""
    result = program.run(slow, tmp_path, "--timeout", "0.5")
    accepted = ACCEPTED.search(result.stdout)
    assert accepted, result
    assert (result.status, _saved_files(tmp_path)) == (10, [])
    assert re.search(rf"Still \w+ after 0\.5 s; check again later: {accepted[1]}", result.stderr), result
    video = httpx2.get(f"{slow.url}/v1/videos/{accepted[1]}", headers={"Authorization": slow.key}).json()
    assert video["status"] in {"queued", "in_progress"}


def test_wrong_key(program: Program, quick: Served, tmp_path: Path) -> None:
    """A wrong key ends the program with 4, and its output does not contain the key."""
    result = program.run(quick, tmp_path, "--api-key", "sk-wrong-0123456789abcdef")
    assert (result.status, _saved_files(tmp_path)) == (4, [])
    assert "401: Incorrect API key provided: sk-wr…ef." in result.stderr


def test_rejected(program: Program, quick: Served, tmp_path: Path) -> None:
    """A request that can never be accepted ends the program with 6 and the complete reason."""
    result = program.run(quick, tmp_path, "--size", "1920x1080")
    assert (result.status, _saved_files(tmp_path)) == (6, [])
    assert "400: Invalid value: '1920x1080'. Supported values are: '720x1280' and '1280x720'." in result.stderr


def test_no_prompt(program: Program, quick: Served, tmp_path: Path) -> None:
    """Without a prompt nothing is sent, and the program names the missing option."""
    result = program.run(quick, tmp_path, "--prompt", "")
    assert (result.status, result.stdout) == (2, "")
    assert "prompt is needed" in result.stderr


async def test_too_many_requests(
    program: Program, slow: Served, slow_folder: Path, open_door: StartProxy, tmp_path: Path
) -> None:
    """With a Retry-After beyond its timeout the program sends one create and ends with 5 and the reason."""
    store = open_store(Settings(data=slow_folder / "data"))
    account = await store.accounts.create_account("few", None)
    _, secret = await store.accounts.create_key(account.id, "few", requests_per_minute=REQUESTS_PER_MINUTE)
    await store.close()
    limited_key = Served(slow.url, secret)
    assert program.run(limited_key, tmp_path, "--timeout", "0.5").status == 10
    proxy = open_door(slow.url, bounces=0)
    result = program.run(Served(proxy.address, secret), tmp_path, "--timeout", "5")
    assert (result.status, result.stdout) == (5, ""), result
    assert "429: Rate limit reached: " in result.stderr
    assert len(proxy.create_keys) == 1


class _RateLimitHandler(BaseHTTPRequestHandler):
    """Forwards every request to the real server, but answers the first creates itself: 429, retry after a second.

    Like a rate limiter, it repeats that to a client that retries sooner.
    """

    protocol_version = "HTTP/1.1"
    server: _RateLimitProxy

    def do_POST(self) -> None:
        """A create."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.create_keys.append(self.headers["Idempotency-Key"])
        if len(self.server.create_keys) > self.server.rejections and time.monotonic() >= self.server.accepts_from:
            self._forward(body)
            return
        self.server.accepts_from = time.monotonic() + 1
        body = b'{"error":{"message":"Slow down.","type":"rate_limit_exceeded","param":null,"code":null}}'
        self._respond(429, {"Retry-After": "1", "Content-Type": "application/json"}, body)

    def do_GET(self) -> None:
        """A poll, or the download."""
        self._forward(None)

    def _forward(self, body: bytes | None) -> None:
        connection = HTTPConnection(urlsplit(self.server.url).netloc, timeout=90)
        names = ("Authorization", "Content-Type", "Idempotency-Key")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        forwarded = {
            name: response.headers[name] for name in ("Content-Type", "Retry-After") if name in response.headers
        }
        self._respond(response.status, forwarded, response.read())
        connection.close()

    def _respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class names it
        """Log nothing."""


class _RateLimitProxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, url: str, rejections: int) -> None:
        super().__init__(("127.0.0.1", 0), _RateLimitHandler)
        self.url = url
        self.rejections = rejections  # creates that get a 429
        self.accepts_from = 0.0
        self.create_keys: list[str] = []  # the idempotency keys of creates

    @property
    def address(self) -> str:
        """The address that it listens on."""
        return f"http://127.0.0.1:{self.server_port}"


StartProxy = Callable[..., _RateLimitProxy]
"""Starts a server in front of another one: its address, and how many creates get a 429."""


@pytest.fixture
def open_door() -> Iterator[StartProxy]:
    """Start servers in front of a server, and stop them at the end."""
    with ExitStack() as stack:

        def start(url: str, bounces: int) -> _RateLimitProxy:
            proxy = stack.enter_context(_RateLimitProxy(url, bounces))
            thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            stack.callback(thread.join)
            stack.callback(proxy.shutdown)
            return proxy

        yield start


def test_obeys_retry_after(program: Program, open_door: StartProxy, quick: Served, tmp_path: Path) -> None:
    """After a 429 with a Retry-After of a second the program retries once, not sooner, and saves its video."""
    proxy = open_door(quick.url, bounces=1)
    result = program.run(Served(proxy.address, quick.key), tmp_path)
    _check_saved(result, tmp_path, 4)
    key, retry_key = proxy.create_keys
    assert key == retry_key != ""
    assert "429, retrying in 1 s" in result.stderr
