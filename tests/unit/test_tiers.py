"""The guard of the unit tier refuses what unit tests may not do."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


def _connect() -> None:
    with socket.socket() as unconnected:
        unconnected.connect(("127.0.0.1", 9))


def _gate() -> ModuleType:
    return sys.modules["tests.unit.conftest"]


@pytest.mark.parametrize(
    ("forbidden", "tier"),
    [
        (lambda: subprocess.Popen([sys.executable, "-V"]), "acceptance"),
        (_connect, "integration"),
        (lambda: sqlite3.connect(Path("rows.sqlite")), "integration"),
        (lambda: time.sleep(0.001), "integration"),
        (lambda: asyncio.run(asyncio.sleep(0.001)), "integration"),
    ],
)
def test_a_unit_test_may_not_leave_its_process_or_sleep(forbidden: Callable[[], object], tier: str) -> None:
    """The call fails, and so does the test at its end if the error was swallowed; the message names the right tier."""
    with pytest.raises(AssertionError, match=tier):
        forbidden()
    assert len(_gate()._GATE.seen) == 1
    _gate()._GATE.seen.clear()


def test_timeouts_and_yields_are_allowed() -> None:
    """A deadline that is not reached and one turn of the event loop cost no time."""

    async def waits() -> None:
        async with asyncio.timeout(60):
            await asyncio.sleep(0)

    asyncio.run(waits())
