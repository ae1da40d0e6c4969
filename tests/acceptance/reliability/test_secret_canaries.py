"""Secrets of every kind go through a real server, its errors and a crash; none of them comes out in the clear.

What is searched: the log at its most talkative, ``/metrics``, every error's body, and every file of the data folder but
those that hold the keys themselves.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx2
from tests.support.polling import until

from filmgate.testing.mock.faults.poll import CANARY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = 90.0
MODELS = '[models.sora-2]\nengine = "testcard"\n'
CONFIG = """
[engines.up]
kind = "openai-videos"
base_url = "{url}/v1"
key_env = "UPSTREAM_KEY"
min_poll_interval = 0.1
submit_timeout = 2.0

[routes.sora-2-pro]
engines = ["up"]
"""
FAULTS = "failed-error-secret,failed-error-html,submit-401,submit-402,submit-html,submit-reset,poll-5xx"
UPSTREAM_KEY = "sk-canary-of-the-upstream-0123456789"
WRONG_KEY = "fg-canary-of-a-wrong-key-0123456789abcdefgh"
CALLBACK, HOOK, PICTURE = "canary-in-a-callback", "canary-in-a-webhook", "canary-in-a-picture-url"
PASSWORD = "canary-password"
EVENTS = ("video.accepted", "video.completed", "request_rejected", "webhook.attempted")


class _Refusing(BaseHTTPRequestHandler):
    """Whoever is told or fetched from here gets an error."""

    def do_GET(self) -> None:
        """Refuse."""
        self.send_error(500)

    do_POST = do_GET  # noqa: N815 - the same

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _refusing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class House:
    """A server in a folder, with its log."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.log = folder / "log"
        self._folder = folder
        self.config = folder / "filmgate.toml"
        (folder / "models.toml").write_text(MODELS, encoding="utf-8")

    def command(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        settings = {
            "FILMGATE_DATA": str(self.data),
            "FILMGATE_MODELS": str(self._folder / "models.toml"),
            "FILMGATE_LOG_LEVEL": "debug",
            "FILMGATE_ALLOW_HOSTS": "127.0.0.1",
            "FILMGATE_CONFIG": str(self.config),
            "UPSTREAM_KEY": UPSTREAM_KEY,
        }
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "filmgate", *arguments],
                env=kept | settings | environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @contextmanager
    def upstream(self) -> Iterator[None]:
        """A vendor that goes wrong in some way at most jobs, and the configuration that names it."""
        ready = self._folder / "upstream"
        wrong = ("--faults", FAULTS, "--fault-rate", "0.8", "--seed", "3", "--key", UPSTREAM_KEY)
        process = self.command("mock", "--instant", "--port", "0", "--ready-file", str(ready), *wrong)
        try:
            until(lambda: ready.exists() or process.poll() is not None)
            self.config.write_text(CONFIG.format(url=ready.read_text(encoding="ascii")), encoding="utf-8")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=SOON)

    def key(self) -> str:
        """A key."""
        return self.command("keys", "create", "-q").communicate(timeout=SOON)[0].strip()

    @contextmanager
    def serving(self, **environ: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """A running server; one that has not died by itself is stopped."""
        ready = self._folder / "ready"
        ready.unlink(missing_ok=True)
        process = self.command("serve", "--port", "0", "--ready-file", str(ready), **environ)
        try:
            until(lambda: ready.exists() or process.poll() is not None)
            yield ready.read_text(encoding="ascii"), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=SOON)

    def everything(self) -> dict[str, bytes]:
        """What an attacker with a copy of the folder reads, without its keys; and the log."""
        files = [path for path in self.data.rglob("*") if path.is_file() and path.parent.name != "secrets"]
        return {str(path): path.read_bytes() for path in [*files, self.log]}


def _create(client: httpx2.Client, **fields: object) -> httpx2.Response:
    return client.post("/v1/videos", json={"prompt": "a boat"} | fields)


def _ended(client: httpx2.Client, video_id: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        video: dict[str, object] = client.get(f"/v1/videos/{video_id}?wait=5").json()
        return None if video["status"] in {"queued", "in_progress"} else video

    return until(look)


def _each_route(client: httpx2.Client, video_id: str) -> Iterator[httpx2.Response]:
    """Every route that is documented, with sense and without; and some that are not there."""
    operations = [
        (path, method) for path, item in client.get("/openapi.json").json()["paths"].items() for method in item
    ]
    others = [("/dmxapi/v1/videos", "get"), ("/apiyi/v1/videos", "post"), ("/nowhere", "get"), ("/metrics", "post")]
    for path, method in [*operations, *others]:
        for target in (video_id, "video_of_nobody"):
            # Deleting comes last: what is gone can't be asked for.
            if not (method == "delete" and target == video_id):
                yield client.request(method, path.replace("{id}", target), json={"prompt": 7, "model": "none"})
                yield client.request(method, path.replace("{id}", target), content=b"{", headers={"content-type": "x"})


def test_no_secret_comes_out(tmp_path: Path) -> None:
    """Neither the log, nor the metrics, nor an error, nor the rows show a key, a signature, or a URL's secret."""
    house, bodies = House(tmp_path), list[httpx2.Response]()
    secrets = {WRONG_KEY, CALLBACK, HOOK, PICTURE, PASSWORD, UPSTREAM_KEY, CANARY_KEY}
    with _refusing() as outside, house.upstream():
        secrets.add(key := house.key())
        headers = {"authorization": f"Bearer {key}"}
        callback = {"callback_url": f"{outside}/told?token={CALLBACK}"}
        with (
            house.serving(FILMGATE_FAILPOINT="submitted") as (url, process),
            httpx2.Client(base_url=url, headers=headers) as client,
        ):
            made = _create(client, **callback).json()["id"]
            assert process.wait(SOON) == -signal.SIGKILL
        with house.serving() as (url, _), httpx2.Client(base_url=url, headers=headers, timeout=SOON) as client:
            assert _ended(client, made)["status"] == "completed"
            hook = {"name": "hook", "url": f"{outside}/{HOOK}", "event_types": ["video.completed", "video.failed"]}
            secrets.add(client.post("/v1/webhook_endpoints", json=hook).json()["signing_secret"])
            assert _ended(client, _create(client, **callback).json()["id"])["status"] == "completed"
            films = [_create(client, model="sora-2-pro", prompt=f"boat {n}").json()["id"] for n in range(12)]
            ends = [_ended(client, film) for film in films]
            assert {end["status"] for end in ends} == {"completed", "failed"}, ends
            pictures = [f"{outside}/{PICTURE}", f"http://me:{PASSWORD}@127.0.0.1/", f"http://10.0.0.1/{PICTURE}"]
            bodies += [_create(client, input_reference={"image_url": picture}) for picture in pictures]
            bodies += [_create(client, callback_url=f"ftp://me:{PASSWORD}@example.com/{CALLBACK}")]
            assert {answer.status_code for answer in bodies} == {400}
            bodies += [client.get(f"/v1/videos/{film}/content") for film in films]
            bodies += list(_each_route(client, made))
            secrets |= _linked(client, bodies)
            client.headers["authorization"] = f"Bearer {WRONG_KEY}"
            bodies += list(_each_route(client, made))
            until(lambda: b"webhook.attempted" in house.log.read_bytes())
            watched = client.get("/metrics")
            client.headers["authorization"] = headers["authorization"]
            assert client.delete(f"/v1/videos/{made}").status_code == 200
    assert len(secrets) >= 11
    found = house.everything() | {"/metrics": watched.content}
    found["how videos ended"] = repr(ends).encode()
    for number, answer in enumerate(bodies):
        if answer.status_code >= 400:
            found[f"error {number}: {answer.request.method} {answer.request.url.path}"] = answer.content
    leaks = {(where, secret) for where, text in found.items() for secret in secrets if secret.encode() in text}
    assert not leaks
    log = house.log.read_text("utf-8")
    assert all(f'"event": "{event}"' in log for event in EVENTS)
    assert {where for where, text in found.items() if made.encode() in text} > {str(house.log)}, "nothing was searched"


def _linked(client: httpx2.Client, bodies: list[httpx2.Response]) -> set[str]:
    """The signatures of links that a chat answer names; each is opened, and once with another's signature."""
    asked = {"model": "sora-2-hd-10s-chat", "messages": [{"role": "user", "content": "a boat"}]}
    told = client.post("/v1/chat/completions", json=asked)
    assert "choices" in told.json(), told.text
    links = re.findall(r"\((http[^)]+)\)", told.json()["choices"][0]["message"]["content"])
    signatures = {link.rpartition("signature=")[2] for link in links if "signature=" in link}
    assert signatures, told.text
    for link in links:
        assert client.get(link).status_code == 200
        bodies.append(client.get(link.replace("expires=", "expires=1")))
    return signatures
