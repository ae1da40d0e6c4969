"""Runs commands in this process and in processes of their own, alone and against a server."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from tests.support.polling import until

from filmgate.cli.environment import Environment
from filmgate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\xdac\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82"
)
"""An image of one pixel."""

SOON = 90.0

MODELS = '[models.sora-2]\nengine = "testcard"\n\n[models.sora-2-pro]\nengine = "testcard"\n'


class Ran(Struct):
    """How a command ended."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def cli(*arguments: str, stdin: str = "", terminal: bool = False, **environ: str) -> Ran:
    """Run a command in this process."""
    kind = Terminal if terminal else io.StringIO
    out, err = kind(), kind()
    env = Environment(stdin=kind(stdin), stdout=out, stderr=err, environ={"LANG": "C", **environ})
    code = run(arguments, env)
    return Ran(code, out.getvalue(), err.getvalue())


class CliEnv:
    """A data folder, with commands that run in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._models = folder / "models.toml"
        self._models.write_text(MODELS, encoding="utf-8")

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "NUMBA_CACHE_DIR") if name in os.environ}
        env = kept | {
            "XDG_CONFIG_HOME": os.devnull,
            "XDG_CACHE_HOME": os.devnull,
            "FILMGATE_DATA": str(self.data),
            "FILMGATE_MODELS": str(self._models),
            **environ,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "filmgate", *arguments],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, **environ: str) -> Ran:
        """Run a command to its end."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(timeout=SOON)
        return Ran(process.returncode, out, err)

    @contextmanager
    def serving(self, *arguments: str, **environ: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """A server on this folder: its address, and its process."""
        ready = self.folder / "ready"
        process = self.start("serve", "--port", "0", "--ready-file", str(ready), *arguments, **environ)
        try:
            yield address_of(process, ready), process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=SOON)


def address_of(process: subprocess.Popen[str], ready: Path) -> str:
    """What a server or a mock wrote into its ready file, once it has."""
    until(lambda: ready.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return ready.read_text(encoding="ascii")


Cli = Callable[..., Ran]


class Served(Struct):
    """A server, and commands against it."""

    url: str
    key: str

    def __call__(self, *arguments: str, stdin: str = "", terminal: bool = False, **environ: str) -> Ran:
        """Run a command against it, in this process."""
        environ = {"FILMGATE_BASE_URL": self.url, "FILMGATE_API_KEY": self.key} | environ
        return cli(*arguments, stdin=stdin, terminal=terminal, **environ)
