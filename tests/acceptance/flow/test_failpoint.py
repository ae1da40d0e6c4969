"""Failpoints kill the process at a named step."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import sys
from filmgate.flow.failpoint import failpoint
checkpoint = failpoint(sys.argv[1])
for name in sys.argv[2:]:
    checkpoint(name)
    print(name, flush=True)
"""


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, *args], capture_output=True, text=True, check=False)


def test_a_failpoint_kills_at_the_named_pass() -> None:
    """The process dies by SIGKILL at the second pass, with everything before it done."""
    died = _run("intent:2", "accepted", "intent", "accepted", "intent", "accepted")
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["accepted", "intent", "accepted"]
