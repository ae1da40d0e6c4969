"""The programs that the manual shows do what it says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.paths import EXAMPLES, ROOT

SOON = 60


def run(folder: Path, *command: str) -> str:
    """Its standard output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    return subprocess.run(
        command, cwd=folder, env=env, check=True, stdout=subprocess.PIPE, encoding="utf-8", timeout=SOON
    ).stdout


@pytest.mark.slow
@pytest.mark.needs("bash", "curl")
def test_by_hand(tmp_path: Path) -> None:
    """A lost reply is a submission, a header is a fault, and no process is left."""
    out = run(tmp_path, "bash", str(EXAMPLES / "mock" / "by_hand.sh"))
    assert out.index("no answer, and yet:") < out.index('"prompt":"A paper boat [mock:reply-lost]"')
    assert "rate_limit_exceeded" in out


@pytest.mark.slow
def test_a_lost_reply(tmp_path: Path) -> None:
    """Two retries make three films."""
    out = run(tmp_path, sys.executable, str(EXAMPLES / "mock" / "lost_reply.py"))
    assert [line.split()[-1] for line in out.splitlines()] == ["3", "1"]


@pytest.mark.slow
def test_a_seeded_mix(tmp_path: Path) -> None:
    """Twice the same, by the same seed."""
    command = (sys.executable, str(EXAMPLES / "mock" / "seeded_mix.py"))
    outs = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        outs.append(run(tmp_path / name, *command))
    assert outs[0] == outs[1]
    assert "0 of them twice" in outs[0]


@pytest.mark.slow
def test_the_example_of_tests(tmp_path: Path) -> None:
    """What is shown as a test passes as one."""
    options = ("-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"))
    assert "2 passed" in run(
        tmp_path, sys.executable, "-m", "pytest", *options, str(EXAMPLES / "mock" / "test_my_client.py")
    )
