"""The encoder in separate processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import hashlib, pathlib, sys
from filmgate.media.encode import VideoWriter
from filmgate.domain import Size
with VideoWriter(pathlib.Path(sys.argv[1]), size=Size(176, 96)) as writer:
    for number in range(48):
        frame = writer.new_frame()
        frame.y[:], frame.u[:], frame.v[:] = 40 + number, 110, 150
        frame.y[:, number : number + 20] = 200
        writer.write(frame)
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest())
"""


def test_the_bytes_do_not_depend_on_uninitialised_memory(tmp_path: Path) -> None:
    """Processes whose fresh memory is filled with different bytes write the same video."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / f"{fill}.mp4")],
            env={**os.environ, "MALLOC_PERTURB_": fill},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for fill in ("1", "85", "255")
    }
    assert len(digests) == 1
