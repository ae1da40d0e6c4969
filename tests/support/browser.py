"""Pages in Chromium: each is served from an origin of its own, and posts what it found out to that origin."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = 120
"""Seconds that a page may take."""

_OPTIONS = (
    "--headless=new",
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-gpu"),
    *("--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--password-store=basic"),
)


def run_page(folders: Mapping[str, Path], page: str, settings: Mapping[str, str]) -> Any:
    """Open a page in Chromium and return what it posts to ``/result``, read as JSON.

    Args:
        folders: what the page's origin serves: folders by the first segment of their paths.
        page: the path of the page.
        settings: for the page, as JSON in its fragment.
    """
    results: queue.Queue[bytes] = queue.Queue()
    with _serving(partial(_PageHandler, folders, results)) as origin, tempfile.TemporaryDirectory() as profile:
        url = f"{origin}{page}#{quote(json.dumps(settings))}"
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's needs another user than root
        command = ["chromium", *_OPTIONS, *sandbox, f"--user-data-dir={profile}/profile", url]
        with Path(profile, "log").open("w+b") as log:
            browser = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"HOME": profile})
            try:
                return json.loads(results.get(timeout=TIMEOUT))
            except queue.Empty:
                raise AssertionError(Path(profile, "log").read_text(errors="replace")[-4000:]) from None
            finally:
                browser.terminate()
                browser.wait(30)


@contextmanager
def _serving(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _PageHandler(SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html", ".mjs": "text/javascript", "": "application/octet-stream"}  # noqa: RUF012 - as its base has it

    def __init__(self, folders: Mapping[str, Path], results: queue.Queue[bytes], *args: Any) -> None:
        self._folders = folders
        self._results = results
        super().__init__(*args)

    def translate_path(self, path: str) -> str:
        _, first, rest = urlsplit(path).path.split("/", 2)
        return str(self._folders[first] / rest)

    def do_POST(self) -> None:
        self._results.put(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing."""
