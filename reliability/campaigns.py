"""The campaigns of a release, by name, with a release's counts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from reliability.kills import CampaignResult, kill_campaign
from reliability.leak_check import check_leaks
from reliability.power import disk_faults, power_cuts
from reliability.report import ROOT, ReportRow
from reliability.upstreams import outage_campaign, upstream_kill_campaign

__all__ = ["CAMPAIGNS"]

PARALLEL = 2
"""Testbeds that run one campaign in parallel: most of a cycle is waiting."""


def _run_parallel(
    name: str,
    unit: str,
    run: Callable[..., Awaitable[CampaignResult]],
    count: int,
    folder: Path,
    seed: int,
    scale: float,
) -> Iterator[ReportRow]:
    """Run a campaign in several testbeds in parallel, each with its own random numbers."""
    cycles = max(1, round(count * scale / PARALLEL))

    async def world(number: int) -> CampaignResult:
        place = folder / f"{run.__name__}-{number}"
        place.mkdir()
        return await run(place, cycles=cycles, seed=seed + number)

    async def worlds() -> list[CampaignResult]:
        return await asyncio.gather(*(world(number) for number in range(PARALLEL)))

    came = asyncio.run(worlds())
    ended: dict[str, int] = {}
    for each in came:
        for status, videos in each.final_statuses.items():
            ended[status] = ended.get(status, 0) + videos
    statuses = ", ".join(f"{videos:,} {status}" for status, videos in sorted(ended.items()))
    again = sum(each.resubmitted for each in came)
    wrong = [sentence for each in came for sentence in each.violations]
    yield ReportRow(name, cycles * PARALLEL, unit, wrong, f"{statuses}; {again:,} with more than one attempt")


def _outages(folder: Path, seed: int, scale: float) -> Iterator[ReportRow]:
    """Outages of one of two upstreams."""
    times = max(1, round(20 * scale))
    came = []
    for number in range(times):
        place = folder / str(number)
        place.mkdir()
        came.append(asyncio.run(outage_campaign(place, seconds=6.0, seed=seed + number)))
    videos = sum(sum(each.final_statuses.values()) for each in came)
    wrong = [sentence for each in came for sentence in each.violations]
    yield ReportRow(
        "Outage of one of two upstreams under load", times, "outages", wrong, f"{videos:,} videos, each at its end"
    )


def _leak_check(folder: Path, seed: int, scale: float) -> Iterator[ReportRow]:
    """A long load between two idle phases."""
    seconds = max(4, round(600 * scale))
    came = asyncio.run(check_leaks(folder, seconds=seconds, seed=seed))
    note = f"{sum(came.final_statuses.values()):,} videos; descriptors, threads and memory as before"
    yield ReportRow(
        "A server at rest, under load, and at rest again", seconds, "seconds of load", came.violations, note
    )


def _run_tests(
    name: str, unit: str, paths: tuple[str, ...], folder: Path, environ: Mapping[str, str]
) -> Iterator[ReportRow]:
    """Tests of the suite, at another size."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", f"--junitxml={report}", *paths]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, check=False)
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by the line above
    found = [(case, [bad for kind in ("failure", "error") for bad in case.iter(kind)]) for case in cases]
    wrong = [f"{case.get('name')}: {bad[0].get('message', '')[:200]}" for case, bad in found if bad]
    yield ReportRow(name, len(found), unit, wrong, f"`{' '.join(paths)}`")


def _schemathesis(folder: Path, _seed: int, scale: float) -> Iterator[ReportRow]:
    examples = max(10, round(10_000 * scale))
    row = next(
        _run_tests(
            "", "", ("tests/acceptance/conformance/test_schemathesis.py",), folder, {SCHEMATHESIS: str(examples)}
        )
    )
    note = "a 5xx or a response outside the document counts as wrong"
    yield ReportRow("Generated requests (schemathesis)", examples, "examples an operation", row.violations, note)


SCHEMATHESIS = "FILMGATE_TEST_SCHEMATHESIS"

_SUITES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "lies": (
        "Misbehaving upstreams: every fault, to its expected outcome",
        "cases",
        ("tests/integration/engines/openai_videos/test_faults.py", "tests/integration/testing/mock"),
    ),
    "holds": (
        "Parallel holds and limits, overdrafts",
        "cases",
        ("tests/integration/accounts/test_limits.py", "tests/integration/store/test_ledger.py"),
    ),
    "cuts": (
        "MP4s cut, images that bomb or lie",
        "cases",
        ("tests/unit/media/test_probe.py", "tests/unit/media/test_mp4_boxes.py", "tests/unit/media/test_images.py"),
    ),
    "tenants": (
        "Tenant matrix: routes x principals x objects",
        "cases",
        ("tests/acceptance/conformance/test_tenants.py",),
    ),
    "fetches": (
        "Outbound fetches: addresses, redirects, rebinding",
        "cases",
        ("tests/unit/net", "tests/integration/net", "tests/unit/security/test_ip_scope.py"),
    ),
}


def _run_suite(name: str, folder: Path, _seed: int, _scale: float) -> Iterator[ReportRow]:
    what, unit, paths = _SUITES[name]
    yield from _run_tests(what, unit, paths, folder, {})


CAMPAIGNS: Mapping[str, Callable[[Path, int, float], Iterator[ReportRow]]] = {
    "kills": partial(_run_parallel, "kill -9 under load, own engine", "kills", kill_campaign, 4_000),
    "upstreams": partial(
        _run_parallel,
        "kill -9 under load, two paid upstreams with mixed faults",
        "kills",
        upstream_kill_campaign,
        6_000,
    ),
    "power": partial(_run_parallel, "Power cuts: everything unsynced gone", "cuts", power_cuts, 3_000),
    "disk": partial(_run_parallel, "Disk full and I/O errors at the n-th write", "runs", disk_faults, 1_000),
    "dark": _outages,
    "rest": _leak_check,
    **{name: partial(_run_suite, name) for name in _SUITES},
    "schemathesis": _schemathesis,
}
