"""Twenty thousand jobs of one upstream, polled by a server that does nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
from msgspec import Struct

from benchmarks.harness import pinned_process, wait_for_file
from benchmarks.polling_data import prepare

__all__ = ["PollingResult", "run"]

SETTLED_SHARE = 0.05
"""Polls per interval and job in a restarted server's steady state; at first each job is polled once."""

MEASURE_SECONDS = 30.0
"""Seconds."""

SETTLE_TIMEOUT = 300.0


class PollingResult(Struct, frozen=True, kw_only=True):
    """The measured figures."""

    statuses_per_second: float  # job states in the responses, per second
    requests_per_second: float  # requests per second
    cores: float  # of a core
    lag: float  # seconds beyond the interval until a job is polled again; the 95th percentile
    completion_delay: float  # seconds from the completion of a job to its next poll; the 95th percentile
    kb_per_job: float  # kB a job
    baseline_cpu: float  # CPU seconds of polling each job individually


def run(folder: Path, jobs: int, interval: float) -> PollingResult:
    """Poll them for a while."""
    vendor = [sys.executable, "-m", "benchmarks.vendor", str(folder / "vendor"), str(jobs), str(interval)]
    with pinned_process(vendor):
        wait_for_file(folder / "vendor")
        url = (folder / "vendor").read_text()
        looks = [sys.executable, "-m", "benchmarks.baseline_polls", url, str(jobs)]
        bare = float(subprocess.run(looks, stdout=subprocess.PIPE, check=True).stdout)
        config = prepare(folder, url, jobs, interval=interval)
        given = {"FILMGATE_CONFIG": str(config), "FILMGATE_DATA": str(folder / "data"), "FILMGATE_LOG_LEVEL": "error"}
        serve = [sys.executable, "-m", "filmgate", "serve", "--port", "0", "--ready-file", str(folder / "ready")]
        with pinned_process(serve, **given) as server:
            wait_for_file(folder / "ready")
            return _measure(server, url, jobs, interval, bare)


def _measure(server: psutil.Process, url: str, jobs: int, interval: float, baseline_cpu: float) -> PollingResult:
    empty = server.memory_info().rss
    _settle(url, jobs, interval)
    _get(url, "begin")
    cpu, began = _cpu_seconds(server), time.monotonic()
    time.sleep(MEASURE_SECONDS)
    cpu, took, seen = _cpu_seconds(server) - cpu, time.monotonic() - began, _get(url, "seen")
    return PollingResult(
        statuses_per_second=len(seen["late"]) / took,
        requests_per_second=seen["requests"] / took,
        cores=cpu / took,
        lag=_p95(seen["late"]),
        completion_delay=_p95(seen["noticed"]),
        kb_per_job=(server.memory_info().rss - empty) / jobs / 1000,
        baseline_cpu=baseline_cpu,
    )


def _settle(url: str, jobs: int, interval: float) -> None:
    """Wait until each job was polled once, and hardly any since."""
    before = last = _get(url, "seen")["requests"]
    until = time.monotonic() + SETTLE_TIMEOUT
    while time.monotonic() < until:
        time.sleep(interval)
        latest, last = last, _get(url, "seen")["requests"]
        if last - before >= jobs and last - latest < SETTLED_SHARE * jobs:
            return


def _cpu_seconds(server: psutil.Process) -> float:
    """Of the process itself: processes that it starts for future videos are no part of polling."""
    times = server.cpu_times()
    return times.user + times.system


def _get(url: str, path: str) -> Any:
    return httpx2.get(f"{url}/{path}", timeout=60).json()


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else float("inf")
