"""The mock's example programs do what the manual says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.paths import EXAMPLES, ROOT

TIMEOUT = 60


def run(folder: Path, *command: str) -> str:
    """Run a command and return its standard output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    return subprocess.run(
        command, cwd=folder, env=env, check=True, stdout=subprocess.PIPE, encoding="utf-8", timeout=TIMEOUT
    ).stdout


@pytest.mark.needs("bash", "curl")
def test_by_hand(tmp_path: Path) -> None:
    """A create whose reply is lost is in the log as a submission; a header selects a fault."""
    out = run(tmp_path, "bash", str(EXAMPLES / "mock" / "by_hand.sh"))
    assert out.index("no response, and yet:") < out.index('"prompt":"A paper boat [mock:reply-lost]"')
    assert "rate_limit_exceeded" in out


def test_a_lost_reply(tmp_path: Path) -> None:
    """Two retries of the SDK make three videos, none makes one."""
    out = run(tmp_path, sys.executable, str(EXAMPLES / "mock" / "lost_reply.py"))
    assert [line.split()[-1] for line in out.splitlines()] == ["3", "1"]


def test_a_seeded_mix(tmp_path: Path) -> None:
    """The same seed gives the same output twice."""
    command = (sys.executable, str(EXAMPLES / "mock" / "seeded_mix.py"))
    outputs = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        outputs.append(run(tmp_path / name, *command))
    assert outputs[0] == outputs[1]
    assert "0 of them twice" in outputs[0]


def test_the_example_tests_pass(tmp_path: Path) -> None:
    """Pytest runs the example file as it is."""
    options = ("-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"))
    assert "2 passed" in run(
        tmp_path, sys.executable, "-m", "pytest", *options, str(EXAMPLES / "mock" / "test_my_client.py")
    )
