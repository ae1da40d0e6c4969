"""A batch that is killed at any moment and run again makes each row once."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from filmgate.client import Client
from filmgate.client.films import check_mp4

if TYPE_CHECKING:
    from tests.cli.conftest import Place

TINY = """[models.sora-2]
engine = "testcard"
sizes = ["64x64"]
default_size = "64x64"
seconds = [1]
default_seconds = 1
"""
"""What costs the server next to nothing: the kills are the point."""

log = logging.getLogger(__name__)

ROWS = 50
KILLS = int(os.environ.get("FILMGATE_TEST_KILLS", "3"))
SEED = int(os.environ.get("FILMGATE_TEST_SEED", "1"))


def _start(place: Place, url: str, key: str, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "filmgate", "batch", str(file), "--concurrency", "8", "-q"]
    environ = {"PATH": os.environ["PATH"], "FILMGATE_BASE_URL": url, "FILMGATE_API_KEY": key}
    return subprocess.Popen(
        command,
        cwd=place.folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def _journal_grows(file: Path, size: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the run has written something: before that there is nothing to be killed."""
    until = time.monotonic() + 60
    while process.poll() is None and not (file.exists() and file.stat().st_size > size):
        assert time.monotonic() < until, "the batch does nothing"
        time.sleep(0.005)


def _kill_once(place: Place, url: str, key: str, file: Path, chance: random.Random) -> bool:
    """Start the batch, kill it within the blink after its first sign of work; whether it still ran by then."""
    journal = file.with_name(f"{file.name}.filmgate") / "journal.jsonl"
    size = journal.stat().st_size if journal.exists() else 0
    process = _start(place, url, key, file)
    _journal_grows(journal, size, process)
    time.sleep(min(0.5, chance.expovariate(30)))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * KILLS)
def test_no_row_is_made_twice_and_none_is_missed(place: Place) -> None:
    """However often it is killed, the server's list ends with exactly the rows of each file, each with a whole film."""
    chance, killed, batches = random.Random(SEED), 0, 0  # noqa: S311 - a test's dice
    (place.folder / "models.toml").write_text(TINY)
    # Nobody reads the server's log, and a full pipe would stop it.
    with place.serving(FILMGATE_LOG_LEVEL="error") as (url, _):
        key = place("keys", "create", "-q").out.strip()
        while killed < KILLS:
            batches += 1
            file = place.folder / f"rows-{batches}.csv"
            file.write_text("prompt\n" + "".join(f"batch {batches} film {row}\n" for row in range(ROWS)))
            killed += _until_finished(place, url, key, file, chance, KILLS - killed)
            _check(file, url, key, batches)
    log.info("%d kills, %d batches of %d rows: none lost, none doubled", killed, batches, ROWS)


def _until_finished(place: Place, url: str, key: str, file: Path, chance: random.Random, most: int) -> int:
    killed = 0
    while killed < most and _kill_once(place, url, key, file, chance):
        killed += 1
    last = _start(place, url, key, file)
    try:
        _, err = last.communicate(timeout=90)
    finally:
        last.kill()
    assert last.returncode == 0, err
    return killed


def _check(file: Path, url: str, key: str, batches: int) -> None:
    with Client(base_url=url, api_key=key) as client:
        made = [video.prompt for video in client.videos.list(limit=100)]
    assert len(made) == len(set(made)) == ROWS * batches
    films = list(file.with_suffix("").iterdir())
    assert len(films) == ROWS
    for film in films:
        check_mp4(film)
