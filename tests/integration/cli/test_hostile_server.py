"""Text of a hostile server never controls the terminal."""

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

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe"


class HostileHandler(BaseHTTPRequestHandler):
    """Returns control sequences in every field."""

    def do_GET(self) -> None:
        """Answer a poll, a list or the models."""
        video = {
            "id": "video_1",
            "status": "failed",
            "model": HOSTILE,
            "size": HOSTILE,
            "seconds": HOSTILE,
            "prompt": HOSTILE,
            "error": {"code": HOSTILE, "message": HOSTILE},
        }
        single = self.path.startswith("/v1/videos/")
        rows = (
            [{"id": HOSTILE, "sizes": [HOSTILE], "seconds": [HOSTILE], "price": {}}]
            if "models" in self.path
            else [video]
        )
        self._respond(200, video if single else {"data": rows})

    def do_POST(self) -> None:
        """Refuse the request."""
        self.rfile.read(int(self.headers["content-length"]))
        self._respond(400, {"error": {"message": HOSTILE, "code": HOSTILE, "param": HOSTILE}})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Log nothing."""

    def _respond(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    """Yield the base URL of the hostile server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), HostileHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("format_", ["human", "auto", "json", "jsonl", "quiet"])
@pytest.mark.parametrize(
    "command", ["generate dog", "submit dog", "list", "show video_1", "watch video_1", "models", "delete video_1"]
)
def test_control_sequences_of_a_server_are_never_printed(
    cli: Cli, hostile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, format_: str
) -> None:
    """For every command and output format; there is output in each case."""
    monkeypatch.chdir(tmp_path)
    ran = cli(*command.split(), "--format", format_, FILMGATE_BASE_URL=hostile, FILMGATE_API_KEY="k")
    output = ran.out + ran.err
    assert not set(output) & set("\x1b\x07\x9b\u202e"), repr(output)
    assert output
