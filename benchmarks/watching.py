"""Twenty thousand jobs of one upstream, watched by a server that does nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
from msgspec import Struct

from benchmarks.harness import await_file, process
from benchmarks.watched import prepare

__all__ = ["Seen", "run"]

SETTLED = 0.05
"""Requests an interval and a job at which a server that took up its videos is in its stride; each is a look first."""

MEASURED = 30.0
"""Seconds."""

PATIENCE = 300.0


class Seen(Struct, frozen=True, kw_only=True):
    """What it came to."""

    rate: float  # states of jobs that were shown, a second
    requests: float  # the same of requests
    share: float  # of a core
    lag: float  # seconds beyond the interval after which a job was asked for again; the 95th percentile
    noticed: float  # seconds from the completion of a job to a look at it; the same
    memory: float  # kB a job
    bare: float  # CPU seconds of a look at each


def run(folder: Path, jobs: int, interval: float) -> Seen:
    """Watch them for a while."""
    vendor = [sys.executable, "-m", "benchmarks.vendor", str(folder / "vendor"), str(jobs), str(interval)]
    with process(vendor):
        await_file(folder / "vendor")
        url = (folder / "vendor").read_text()
        looks = [sys.executable, "-m", "benchmarks.looks", url, str(jobs)]
        bare = float(subprocess.run(looks, stdout=subprocess.PIPE, check=True).stdout)
        config = prepare(folder, url, jobs, interval=interval)
        given = {"FILMGATE_CONFIG": str(config), "FILMGATE_DATA": str(folder / "data"), "FILMGATE_LOG_LEVEL": "error"}
        serve = [sys.executable, "-m", "filmgate", "serve", "--port", "0", "--ready-file", str(folder / "ready")]
        with process(serve, **given) as server:
            await_file(folder / "ready")
            return _measured(server, url, jobs, interval, bare)


def _measured(server: psutil.Process, url: str, jobs: int, interval: float, bare: float) -> Seen:
    empty = server.memory_info().rss
    _settle(url, jobs, interval)
    _get(url, "begin")
    cpu, began = _cpu(server), time.monotonic()
    time.sleep(MEASURED)
    cpu, took, seen = _cpu(server) - cpu, time.monotonic() - began, _get(url, "seen")
    return Seen(
        rate=len(seen["late"]) / took,
        requests=seen["requests"] / took,
        share=cpu / took,
        lag=_p95(seen["late"]),
        noticed=_p95(seen["noticed"]),
        memory=(server.memory_info().rss - empty) / jobs / 1000,
        bare=bare,
    )


def _settle(url: str, jobs: int, interval: float) -> None:
    """Wait until it looked at each once, and hardly at any since."""
    before = last = _get(url, "seen")["requests"]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(interval)
        latest, last = last, _get(url, "seen")["requests"]
        if last - before >= jobs and last - latest < SETTLED * jobs:
            return


def _cpu(server: psutil.Process) -> float:
    """Of the process itself: what it starts for films to come is no part of watching."""
    times = server.cpu_times()
    return times.user + times.system


def _get(url: str, what: str) -> Any:
    return httpx2.get(f"{url}/{what}", timeout=60).json()


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else float("inf")
