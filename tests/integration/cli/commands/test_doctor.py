"""What keeps films from being made, found out and mended."""

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
    """Servers that always say the same; each call gives an address."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(status: int = 200, body: bytes = MODELS, **headers: str) -> str:
        class Same(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(status)
                for name, value in ({"date": formatdate(usegmt=True)} | headers).items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Same)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def _look(cli: Cli, *arguments: str, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ran = cli("doctor", *arguments, "--format", "json", **environ)
    return ran.code, {row["check"]: row for row in json.loads(ran.out)}


def test_all_is_well(cli: Cli, serve: Serve, tmp_path: Path) -> None:
    """An API that answers, a key that it takes, clocks that agree: nothing is in the way."""
    code, found = _look(cli, "--base-url", serve(), "--api-key", "k", "--data", str(tmp_path))
    assert code == 0
    assert all(row["ok"] for row in found.values())
    assert {"python", "codecs", "fonts", "disk", "address", "dns", "connection", "api", "clock"} == set(found)
    code, found = _look(cli, "--data", str(tmp_path))
    assert (code, found["address"]["result"]) == (0, "embedded")


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
def test_answers_give_faults_away(
    cli: Cli, serve: Serve, answer: dict[str, Any], check: str, result: str, code: int
) -> None:
    """Each kind of answer has its name, its mend in both languages, and its exit code."""
    url = serve(**answer)
    mends = set()
    for language in ("en", "zh"):
        ended, rows = _look(cli, "--base-url", url, "--api-key", "k", "--lang", language)
        assert (ended, rows[check]["result"], rows[check]["ok"]) == (code, result, False)
        mends.add(rows[check]["hint"])
    assert len(mends) == 2


def test_addresses_give_faults_away(cli: Cli, serve: Serve) -> None:
    """Dead vendors by name, odd spellings, no encryption, TLS where there is none, nobody there, no key."""
    for host in SHUT_DOWN_HOSTS:
        code, found = _look(cli, "--base-url", f"https://{host}/v1", "--api-key", "k")
        assert (code, found["address"]["result"], "dns" in found) == (1, "shut_down", False)
    url = serve()
    code, found = _look(cli, "--base-url", f"{url}/v1/v1/videos", "--api-key", "k")
    assert (code, found["address"]["result"], found["address"]["blocking"]) == (0, "normalized", False)
    code, found = _look(cli, "--base-url", url.replace("http", "https", 1), "--api-key", "k")
    assert (code, found["tls"]["result"]) == (5, "no_tls")
    code, found = _look(cli, "--base-url", "http://127.0.0.1:1", "--api-key", "k")
    assert (code, found["connection"]["result"]) == (5, "connection_refused")
    code, found = _look(cli, "--base-url", "http://no-such-host.invalid", "--api-key", "k")
    assert (code, found["address"]["result"], found["dns"]["result"]) == (5, "unencrypted", "dns_unknown")
    code, found = _look(cli, "--base-url", url)
    assert (code, found["key"]["result"]) == (4, "no_key")


def test_people_read_it_line_by_line(cli: Cli, serve: Serve) -> None:
    """What is fine and what is not is marked; under a fault stands its mend; quiet shows faults alone."""
    url = serve(status=401)
    ran = cli("doctor", "--base-url", url, "--api-key", "sk-secret-of-mine")
    lines = ran.out.splitlines()
    assert lines[0].startswith("ok    Python 3.")
    (fault,) = [number for number, line in enumerate(lines) if line.startswith("FAIL")]
    assert "keys create" in lines[fault + 1]
    assert "sk-secret-of-mine" not in ran.out + ran.err
    assert len(cli("doctor", "--base-url", url, "--api-key", "k", "-q").out.splitlines()) == 2
