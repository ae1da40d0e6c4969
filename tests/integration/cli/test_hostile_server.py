"""A server that says things to a terminal is heard, and not obeyed."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Cli

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe"


class Evil(BaseHTTPRequestHandler):
    """Says it in every field."""

    def do_GET(self) -> None:
        """Answer a look, a list or the models."""
        video = {
            "id": "video_1",
            "status": "failed",
            "model": EVIL,
            "size": EVIL,
            "seconds": EVIL,
            "prompt": EVIL,
            "error": {"code": EVIL, "message": EVIL},
        }
        one = self.path.startswith("/v1/videos/")
        rows = [{"id": EVIL, "sizes": [EVIL], "seconds": [EVIL], "price": {}}] if "models" in self.path else [video]
        self._say(200, video if one else {"data": rows})

    def do_POST(self) -> None:
        """Refuse."""
        self.rfile.read(int(self.headers["content-length"]))
        self._say(400, {"error": {"message": EVIL, "code": EVIL, "param": EVIL}})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Quietly."""

    def _say(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def evil() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Evil) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("format_", ["human", "auto", "json", "jsonl", "quiet"])
@pytest.mark.parametrize(
    "command", ["generate dog", "submit dog", "list", "show video_1", "watch video_1", "models", "delete video_1"]
)
def test_nothing_that_it_says_steers_the_terminal(
    cli: Cli, evil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, format_: str
) -> None:
    """Whatever the command and the form of its results; JSON still says what was said."""
    monkeypatch.chdir(tmp_path)
    ran = cli(*command.split(), "--format", format_, FILMGATE_BASE_URL=evil, FILMGATE_API_KEY="k")
    told = ran.out + ran.err
    assert not set(told) & set("\x1b\x07\x9b\u202e"), repr(told)
    assert told
