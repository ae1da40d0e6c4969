"""Without a server: the engine in the command's own process."""

from __future__ import annotations

import signal
import stat
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Place


@pytest.mark.slow
def test_ctrl_c_costs_nothing(place: Place) -> None:
    """The id is shown before any waiting; Ctrl-C says how to go on, and going on ends with the film.

    Both commands use one key, which only its user can read.
    """
    process = place.start("generate", "a dog", FILMGATE_TESTCARD_DELAY="60")
    assert process.stderr is not None
    video_id = process.stderr.readline().split()[-1]
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].endswith(f"filmgate watch {video_id}")
    assert "Traceback" not in err
    key = place.data / "secrets" / "embedded.key"
    secret = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    watched = place("watch", video_id)
    assert (watched.code, watched.out) == (0, f"{video_id}.mp4\n")
    assert (place.folder / f"{video_id}.mp4").read_bytes()[4:8] == b"ftyp"
    assert key.read_text() == secret
