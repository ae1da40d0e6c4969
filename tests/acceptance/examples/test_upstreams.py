"""The example of two vendors behind one model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.paths import EXAMPLES

pytestmark = [pytest.mark.needs("bash", "curl")]


def test_videos_are_made_during_an_outage_of_one_vendor(tmp_path: Path) -> None:
    """Three videos and three submissions."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", str(EXAMPLES / "upstreams.sh")]
    result = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ, capture_output=True, encoding="utf-8", timeout=120
    )
    assert result.returncode == 0, result
    assert result.stdout.splitlines()[-1] == "videos paid for: 3"
    assert {path.name for path in tmp_path.glob("*.mp4")} == {"boat.mp4", "crane.mp4", "kite.mp4"}
