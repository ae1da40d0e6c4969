"""A backup of a server at full work, its death, and the life of what was brought back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
from tests.support.polling import until

from filmgate.testing.checker import DatabaseSnapshot, read_files, read_rows, violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = 90.0
MODELS = """
[models.sora-2]
engine = "testcard"
sizes = ["64x64"]
seconds = ["1"]
default_size = "64x64"
default_seconds = "1"
price = { default = 100 }
"""


class Folder:
    """A data folder, and commands on it."""

    def __init__(self, data: Path, ready: Path, models: Path) -> None:
        self.data = data
        self._ready = ready
        self._models = models

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ = {"FILMGATE_DATA": str(self.data), "FILMGATE_MODELS": str(self._models), "FILMGATE_RETENTION": "0"}
        return subprocess.Popen(
            [sys.executable, "-m", "filmgate", *arguments],
            env=kept | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """Run one that succeeds."""
        process = self.command(*arguments)
        out, _ = process.communicate(timeout=SOON)
        assert process.returncode == 0, arguments
        return out.strip()

    @contextmanager
    def up(self, kind: str, *arguments: str, end: signal.Signals) -> Iterator[str]:
        """A server or a worker; what its ready file says."""
        ready = self._ready.with_name(f"{self._ready.name}-{kind}")
        ready.unlink(missing_ok=True)
        process = self.command(kind, "--ready-file", str(ready), *arguments)
        try:
            until(lambda: (ready.exists() and bool(ready.read_text())) or process.poll() is not None)
            yield ready.read_text(encoding="ascii")
        finally:
            process.send_signal(end)
            process.communicate(timeout=SOON)


class Load(threading.Thread):
    """A client that creates, and deletes what is finished, until it is told to stop or the server dies."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__()
        self._client = httpx2.Client(base_url=f"{url}/v1", headers={"authorization": f"Bearer {key}"}, timeout=10)
        self._over = threading.Event()
        self.made: list[str] = []

    def run(self) -> None:
        """Make work."""
        while not self._over.is_set():
            try:
                self.made.append(self._client.post("/videos", json={"prompt": "a boat"}).json()["id"])
                if len(self.made) % 3 == 0:
                    self._client.delete(f"/videos/{self.made[len(self.made) // 2]}")
            except httpx2.TransportError:
                break
        self._client.close()

    def stop(self) -> None:
        """Return when it did."""
        self._over.set()
        self.join()


def test_a_backup_under_load_comes_back_whole(tmp_path: Path) -> None:
    """Server and worker are killed after a backup amid creates and deletes; restored, everything in it ends right."""
    models = tmp_path / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    old = Folder(tmp_path / "old", tmp_path / "ready", models)
    new = Folder(tmp_path / "new", tmp_path / "ready", models)
    kill = signal.SIGKILL
    with old.up("serve", "--port", "0", end=kill) as url, old.up("worker", end=kill) as worker:
        assert worker == "worker-0"
        account = old.run("accounts", "create", "--balance", "100", "-q")
        key = old.run("keys", "create", "--account", account, "-q")
        load = Load(url, key)
        load.start()
        until(lambda: len(load.made) > 15)
        old.run("backup", str(tmp_path / "copy"))
        before = len(load.made)
        until(lambda: len(load.made) > before + 5)
    load.stop()
    new.run("restore", str(tmp_path / "copy"))
    with new.up("serve", "--port", "0", end=signal.SIGTERM) as url:
        with httpx2.Client(base_url=f"{url}/v1", headers={"authorization": f"Bearer {key}"}, timeout=10) as client:
            assert client.get("/videos").status_code == 200
            until(lambda: all(row.status in {"completed", "failed"} for row in _rows(new).videos))
        new.run("gc")
    rows = _rows(new)
    assert violations([], rows, read_files(new.data / "files" / "kept")) == []
    assert {row.status for row in rows.videos} == {"completed"}
    assert 10 < len(rows.videos) < len(load.made)
    assert new.run("ledger", "verify") == ""


def _rows(folder: Folder) -> DatabaseSnapshot:
    return read_rows(folder.data / "filmgate.sqlite")
