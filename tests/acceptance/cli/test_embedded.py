"""The embedded engine in the command's own process."""

from __future__ import annotations

import signal
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.cli import CliEnv


def test_ctrl_c_loses_nothing(cli_env: CliEnv) -> None:
    """The id is shown before the wait; Ctrl-C prints how to resume, and the resumed command saves the video.

    Both commands use one key, which only its user can read.
    """
    process = cli_env.start("generate", "a dog", FILMGATE_TESTCARD_DELAY="60")
    assert process.stderr is not None
    video_id = process.stderr.readline().split()[-1]
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=90)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1].endswith(f"filmgate watch {video_id}")
    assert "Traceback" not in err
    key = cli_env.data / "secrets" / "embedded.key"
    secret = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    watched = cli_env("watch", video_id)
    assert (watched.code, watched.out) == (0, f"{video_id}.mp4\n")
    assert (cli_env.folder / f"{video_id}.mp4").read_bytes()[4:8] == b"ftyp"
    assert key.read_text() == secret
