"""Dying at a named step."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from filmgate.errors import SettingsError
from filmgate.flow import CHECKPOINTS, failpoint

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


def test_it_kills_at_the_pass_that_was_named() -> None:
    """The process dies by SIGKILL at the second pass, with everything before it done."""
    died = _run("intent:2", "accepted", "intent", "accepted", "intent", "accepted")
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["accepted", "intent", "accepted"]


def test_without_a_name_nothing_dies() -> None:
    """The empty setting is a checkpoint that does nothing."""
    assert [failpoint("")(name) for name in CHECKPOINTS] == [None] * len(CHECKPOINTS)


@pytest.mark.parametrize("spec", ["nowhere", "intent:0", "intent:x", "intent:-1", ":1"])
def test_a_step_that_does_not_exist_is_refused(spec: str) -> None:
    """A misspelt failpoint would test nothing, so it is an error."""
    with pytest.raises(SettingsError, match="failpoint"):
        failpoint(spec)
