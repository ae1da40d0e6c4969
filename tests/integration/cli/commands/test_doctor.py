"""``filmgate doctor`` finds problems and suggests fixes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.cli.commands.doctor_checks import SHUT_DOWN_HOSTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Cli

MODELS = b'{"object":"list","data":[{"id":"sora-2"}]}'
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Yield a function that starts a server with a fixed response and returns its URL."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(status: int = 200, body: bytes = MODELS, **headers: str) -> str:
        class FixedHandler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(status)
                for name, value in ({"date": formatdate(usegmt=True)} | headers).items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), FixedHandler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def _doctor(cli: Cli, *arguments: str, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ran = cli("doctor", *arguments, "--format", "json", **environ)
    return ran.code, {row["check"]: row for row in json.loads(ran.out)}


def test_a_working_installation_passes(cli: Cli, serve: Serve, tmp_path: Path) -> None:
    """The API responds, accepts the key, and the clocks agree."""
    code, rows = _doctor(cli, "--base-url", serve(), "--api-key", "k", "--data", str(tmp_path))
    assert code == 0
    assert all(row["ok"] for row in rows.values())
    assert {"python", "codecs", "fonts", "disk", "address", "dns", "connection", "api", "clock"} == set(rows)
    code, rows = _doctor(cli, "--data", str(tmp_path))
    assert (code, rows["address"]["result"]) == (0, "embedded")


@pytest.mark.parametrize(
    ("answer", "check", "result", "code"),
    [
        ({"status": 401}, "key", "key_refused", 4),
        ({"status": 404}, "api", "no_models", 2),
        ({"body": b"<html>", "content_type": "text/html; charset=utf-8"}, "api", "html", 2),
        ({"status": 301, "location": "https://elsewhere.example/v1"}, "api", "redirect", 2),
        ({"status": 503}, "api", "busy", 5),
        ({"status": 429}, "api", "busy", 5),
        ({"body": b"[]"}, "api", "unexpected_response", 1),
        ({"date": "Sat, 01 Jan 2000 00:00:00 GMT"}, "clock", "clock_skew", 0),
    ],
)
def test_each_bad_response_is_recognized(
    cli: Cli, serve: Serve, answer: dict[str, Any], check: str, result: str, code: int
) -> None:
    """Each has its name, its hint in both languages, and its exit code."""
    url = serve(**answer)
    hints = set()
    for language in ("en", "zh"):
        ended, rows = _doctor(cli, "--base-url", url, "--api-key", "k", "--lang", language)
        assert (ended, rows[check]["result"], rows[check]["ok"]) == (code, result, False)
        hints.add(rows[check]["hint"])
    assert len(hints) == 2


def test_each_bad_url_is_recognized(cli: Cli, serve: Serve) -> None:
    """Shut-down vendors, unusual spelling, no encryption, no TLS, no server, no key."""
    for host in SHUT_DOWN_HOSTS:
        code, rows = _doctor(cli, "--base-url", f"https://{host}/v1", "--api-key", "k")
        assert (code, rows["address"]["result"], "dns" in rows) == (1, "shut_down", False)
    url = serve()
    code, rows = _doctor(cli, "--base-url", f"{url}/v1/v1/videos", "--api-key", "k")
    assert (code, rows["address"]["result"], rows["address"]["blocking"]) == (0, "normalized", False)
    code, rows = _doctor(cli, "--base-url", url.replace("http", "https", 1), "--api-key", "k")
    assert (code, rows["tls"]["result"]) == (5, "no_tls")
    code, rows = _doctor(cli, "--base-url", "http://127.0.0.1:1", "--api-key", "k")
    assert (code, rows["connection"]["result"]) == (5, "connection_refused")
    code, rows = _doctor(cli, "--base-url", "http://no-such-host.invalid", "--api-key", "k")
    assert (code, rows["address"]["result"], rows["dns"]["result"]) == (5, "unencrypted", "dns_unknown")
    code, rows = _doctor(cli, "--base-url", url)
    assert (code, rows["key"]["result"]) == (4, "no_key")


def test_the_text_output_has_one_line_a_check(cli: Cli, serve: Serve) -> None:
    """Passed and failed checks are marked; a hint follows a failure; quiet shows only failures."""
    url = serve(status=401)
    ran = cli("doctor", "--base-url", url, "--api-key", "sk-secret-of-mine")
    lines = ran.out.splitlines()
    assert lines[0].startswith("ok    Python 3.")
    (fault,) = [number for number, line in enumerate(lines) if line.startswith("FAIL")]
    assert "keys create" in lines[fault + 1]
    assert "sk-secret-of-mine" not in ran.out + ran.err
    assert len(cli("doctor", "--base-url", url, "--api-key", "k", "-q").out.splitlines()) == 2
