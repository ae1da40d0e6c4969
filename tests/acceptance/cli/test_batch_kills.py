"""A batch that is killed at any moment and run again generates each row once."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import address_of
from tests.support.polling import until

from filmgate.batch.journal import Journal, RowState
from filmgate.client import Client
from filmgate.media import mp4_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import CliEnv

TINY = """[models.sora-2]
engine = "testcard"
sizes = ["64x64"]
default_size = "64x64"
seconds = [1]
default_seconds = 1
"""
"""Tiny videos that cost the server little: the kills matter."""

logger = logging.getLogger(__name__)

ROWS = 50
KILLS = int(os.environ.get("FILMGATE_TEST_KILLS", "3"))
SEED = int(os.environ.get("FILMGATE_TEST_SEED", "1"))


def _start(cli_env: CliEnv, url: str, key: str, file: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "filmgate", "batch", str(file), "--concurrency", "8", "-q", *options]
    environ = {"PATH": os.environ["PATH"], "FILMGATE_BASE_URL": url, "FILMGATE_API_KEY": key}
    return subprocess.Popen(
        command,
        cwd=cli_env.folder,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _kill_once(cli_env: CliEnv, url: str, key: str, file: Path, chance: random.Random, *options: str) -> bool:
    """Kill a batch when its journal has grown by a random number of bytes; return whether it was still running."""
    journal = file.with_name(f"{file.name}.filmgate") / "journal.jsonl"
    enough = _size(journal) + 1 + chance.expovariate(1 / 2000)
    process = _start(cli_env, url, key, file, *options)
    until(lambda: process.poll() is not None or _size(journal) >= enough)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.timeout(60 + 10 * KILLS)
def test_kills_neither_duplicate_nor_lose_a_row(cli_env: CliEnv) -> None:
    """After any number of kills, the server has exactly one video a row, each with a complete file."""
    chance, killed, batches = random.Random(SEED), 0, 0  # noqa: S311 - a test's dice
    (cli_env.folder / "models.toml").write_text(TINY)
    # A full pipe that no process reads would block the server.
    with cli_env.serving(FILMGATE_LOG_LEVEL="error") as (url, _):
        key = cli_env("keys", "create", "-q").out.strip()
        while killed < KILLS:
            batches += 1
            file = cli_env.folder / f"rows-{batches}.csv"
            file.write_text("prompt\n" + "".join(f"batch {batches} video {row}\n" for row in range(ROWS)))
            killed += _until_finished(cli_env, url, key, file, chance, KILLS - killed)
            _check(file, url, key, batches)
    logger.info("%d kills, %d batches of %d rows: none lost, none doubled", killed, batches, ROWS)


def _until_finished(cli_env: CliEnv, url: str, key: str, file: Path, chance: random.Random, most: int) -> int:
    killed = 0
    while killed < most and _kill_once(cli_env, url, key, file, chance):
        killed += 1
    last = _start(cli_env, url, key, file)
    try:
        _, err = last.communicate(timeout=90)
    finally:
        last.kill()
    assert last.returncode == 0, err
    return killed


def _check(file: Path, url: str, key: str, batches: int) -> None:
    with Client(base_url=url, api_key=key) as client:
        prompts = [video.prompt for video in client.videos.list(limit=100)]
    assert len(prompts) == len(set(prompts)) == ROWS * batches
    paths = list(file.with_suffix("").iterdir())
    assert len(paths) == ROWS
    for path in paths:
        mp4_boxes.walk_video(path)


@contextmanager
def _vendor(cli_env: CliEnv) -> Iterator[tuple[str, Path]]:
    """Yield URL and log of a mock vendor that ignores idempotency keys."""
    ready, log = cli_env.folder / "ready", cli_env.folder / "vendor.jsonl"
    options = ["--instant", "--any-size", "--port", "0", "--running", "0", "--creates-per-minute", "0"]
    process = cli_env.start("mock", *options, "--log", str(log), "--ready-file", str(ready))
    try:
        yield address_of(process, ready), log
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=90)


@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_vendor_without_idempotency_keys_gets_each_row_once(cli_env: CliEnv) -> None:
    """Its log has no row twice; rows whose response was lost in a kill are unknown, all others are saved."""
    chance, killed = random.Random(SEED), 0  # noqa: S311 - a test's dice
    options = ("--provider", "openai", "--size", "64x64", "--seconds", "1", "--format", "json")
    file = cli_env.folder / "rows.txt"
    file.write_text("".join(f"video {row}\n" for row in range(ROWS)))
    with _vendor(cli_env) as (url, log):
        while killed < KILLS and _kill_once(cli_env, url, "k", file, chance, *options):
            killed += 1
        with _start(cli_env, url, "k", file, *options) as last:
            _, err = last.communicate(timeout=90)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    prompts = [line["prompt"] for line in lines if line["event"] == "submission"]
    states = _states(file)
    unknown = [state for state in states if state.ended and state.ended.verdict == "unknown"]
    assert last.returncode == (13 if unknown else 0), err
    assert len(prompts) == len(set(prompts))
    assert len(states) == ROWS
    assert len([state for state in states if state.saved]) + len(unknown) == ROWS
    assert len(unknown) <= 8 * killed
    log_line = "%d kills, %d rows: %d submitted, none twice, %d unknown"
    logger.info(log_line, killed, ROWS, len(prompts), len(unknown))


def _states(file: Path) -> list[RowState]:
    """Return the states of a file's rows."""
    with closing(Journal(file.with_name(f"{file.name}.filmgate"))) as journal:
        return list(journal.states().values())
