"""Unit tests need nothing but this process: no socket, no database file, no other process, no real sleep.

A test that breaks this fails with the name of the tier that it belongs to.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_PROCESSES = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
_SOCKETS = ("socket.bind", "socket.connect")


class _Gate:
    """Watches the unit test that runs, if one does: an audit hook can never be removed from its process."""

    def __init__(self) -> None:
        self.watching = False
        self.seen: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event in _PROCESSES:
            self.refuse(f"starts a process ({event})", "acceptance")
        elif event in _SOCKETS and arguments[0].family != socket.AF_UNIX:
            self.refuse(f"uses the network ({event} {arguments[1]})", "integration")
        elif event == "sqlite3.connect":
            self.refuse(f"opens a database ({arguments[0]})", "integration")

    def refuse(self, what: str, tier: str) -> None:
        """Fail the test, here and, where the code under test swallows that, at its end."""
        self.seen.append(f"this unit test {what}: it belongs to tests/{tier}")
        raise AssertionError(self.seen[-1])


_GATE = _Gate()


@pytest.fixture(autouse=True)
def _nothing_but_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails the test that reaches out of this process or sleeps."""
    monkeypatch.setattr(time, "sleep", _refuse_sleep)
    monkeypatch.setattr(asyncio.BaseEventLoop, "call_later", _without_sleeps(asyncio.BaseEventLoop.call_later))
    _GATE.seen.clear()
    _GATE.watching = True
    yield
    _GATE.watching = False
    assert not _GATE.seen, _GATE.seen


def _refuse_sleep(seconds: float) -> None:
    if seconds > 0:
        _GATE.refuse(f"sleeps for {seconds} s", "integration, or its clock is injected")


def _without_sleeps(call_later: Callable[..., Any]) -> Callable[..., Any]:
    """``call_later`` that refuses what ``asyncio.sleep`` asks of it; timeouts, which use it too, may be set."""

    def checked(loop: object, delay: float, callback: Callable[..., object], *arguments: Any, **context: Any) -> Any:
        if callback is asyncio.futures._set_result_unless_cancelled:  # type: ignore[attr-defined]
            _refuse_sleep(delay)
        return call_later(loop, delay, callback, *arguments, **context)

    return checked
