"""Filmgate's processes: started in full, or forked from a process that has imported everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Protocol, Self

__all__ = ["Launcher", "Process", "Zygote", "spawn"]


class Process(Protocol):
    """The process interface that campaigns need."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it is over; raises ``subprocess.TimeoutExpired``."""

    def send_signal(self, sig: int) -> None:
        """Send a signal; no effect on a process that has ended."""


class Launcher(Protocol):
    """Starts ``filmgate`` with arguments, an environment and a log file."""

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Process:
        """Start it."""


def spawn(arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Process:
    """Start it as a user does."""
    with log.open("ab") as output:
        command = [sys.executable, "-m", "filmgate", *arguments]
        return subprocess.Popen(command, env=dict(environ), stdout=output, stderr=output, stdin=subprocess.DEVNULL)


class Zygote:
    """Starts processes by fork; a context manager.

    Args:
        environ: of the process that forks, e.g. libraries to preload.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reliability.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environ or {})},
            cwd=Path(__file__).parent.parent,
        )
        self._started: Queue[int] = Queue()
        self._children: dict[int, _Child] = {}
        self._children_lock = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> Process:
        """Start it."""
        assert self._process.stdin is not None
        order = {"arguments": list(arguments), "environ": dict(environ), "log": str(log)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self._child(self._started.get(timeout=60))

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; its children must have ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._reader.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _child(self, pid: int) -> _Child:
        with self._children_lock:
            return self._children.setdefault(pid, _Child(pid))

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, *numbers = line.split()
            if word == b"started":
                self._child(int(numbers[0]))
                self._started.put(int(numbers[0]))
            elif word == b"ended":
                self._child(int(numbers[0])).set_exited(int(numbers[1]))
                with self._children_lock:
                    del self._children[int(numbers[0])]  # the kernel reuses process ids


class _Child:
    """A process that another one forked and reaps."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._exit_code: int | None = None
        self._exited = threading.Event()

    def set_exited(self, code: int) -> None:
        """Record its exit."""
        self._exit_code = code
        self._exited.set()

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._exit_code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it is over."""
        if not self._exited.wait(timeout):
            raise subprocess.TimeoutExpired("filmgate", timeout or 0.0)
        return self._exit_code or 0

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""
        if self._exit_code is None:
            try:
                os.kill(self.pid, signal.Signals(sig))
            except ProcessLookupError:
                return
