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

from reliability.kills import Killed, kills
from reliability.power import disk_faults, power_cuts
from reliability.report import ROOT, Row
from reliability.rest import comes_to_rest
from reliability.upstreams import dark, kills_upstream

__all__ = ["ROWS"]

AT_ONCE = 2
"""Campaigns of a kind beside each other: most of a cycle is waiting."""


def _campaign(
    what: str, unit: str, run: Callable[..., Awaitable[Killed]], count: int, folder: Path, seed: int, scale: float
) -> Iterator[Row]:
    """A campaign in several worlds beside each other, each with dice of its own."""
    cycles = max(1, round(count * scale / AT_ONCE))

    async def world(number: int) -> Killed:
        place = folder / f"{run.__name__}-{number}"
        place.mkdir()
        return await run(place, cycles=cycles, seed=seed + number)

    async def worlds() -> list[Killed]:
        return await asyncio.gather(*(world(number) for number in range(AT_ONCE)))

    came = asyncio.run(worlds())
    ended: dict[str, int] = {}
    for each in came:
        for status, videos in each.ended.items():
            ended[status] = ended.get(status, 0) + videos
    told = ", ".join(f"{videos:,} {status}" for status, videos in sorted(ended.items()))
    again = sum(each.again for each in came)
    wrong = [sentence for each in came for sentence in each.wrong]
    yield Row(what, cycles * AT_ONCE, unit, wrong, f"{told}; {again:,} made again")


def _dark(folder: Path, seed: int, scale: float) -> Iterator[Row]:
    """Outages of one of two upstreams."""
    times = max(1, round(20 * scale))
    came = []
    for number in range(times):
        place = folder / str(number)
        place.mkdir()
        came.append(asyncio.run(dark(place, seconds=6.0, seed=seed + number)))
    videos = sum(sum(each.ended.values()) for each in came)
    wrong = [sentence for each in came for sentence in each.wrong]
    yield Row(
        "One of two upstreams goes dark under load", times, "outages", wrong, f"{videos:,} videos, each at its end"
    )


def _rest(folder: Path, seed: int, scale: float) -> Iterator[Row]:
    """A long load between two rests."""
    seconds = max(4, round(600 * scale))
    came = asyncio.run(comes_to_rest(folder, seconds=seconds, seed=seed))
    note = f"{sum(came.ended.values()):,} videos; descriptors, threads and memory as before"
    yield Row("A server at rest, under load, and at rest again", seconds, "seconds of load", came.wrong, note)


def _tests(what: str, unit: str, paths: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> Iterator[Row]:
    """Tests of the suite, at another size."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", f"--junitxml={report}", *paths]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, check=False)
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by the line above
    found = [(case, [bad for kind in ("failure", "error") for bad in case.iter(kind)]) for case in cases]
    wrong = [f"{case.get('name')}: {bad[0].get('message', '')[:200]}" for case, bad in found if bad]
    yield Row(what, len(found), unit, wrong, f"`{' '.join(paths)}`")


def _schemathesis(folder: Path, _seed: int, scale: float) -> Iterator[Row]:
    examples = max(10, round(10_000 * scale))
    row = next(
        _tests("", "", ("tests/acceptance/conformance/test_schemathesis.py",), folder, {SCHEMATHESIS: str(examples)})
    )
    note = "no planned-for answer but the document's; a 5xx or an off-schema answer counts as wrong"
    yield Row("Generated requests (schemathesis)", examples, "examples an operation", row.wrong, note)


SCHEMATHESIS = "FILMGATE_TEST_SCHEMATHESIS"

_SUITES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "lies": (
        "Upstreams that lie: every fault by its name, to its verdict",
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


def _suite(name: str, folder: Path, _seed: int, _scale: float) -> Iterator[Row]:
    what, unit, paths = _SUITES[name]
    yield from _tests(what, unit, paths, folder, {})


ROWS: Mapping[str, Callable[[Path, int, float], Iterator[Row]]] = {
    "kills": partial(_campaign, "kill -9 under load, own engine", "kills", kills, 4_000),
    "upstreams": partial(
        _campaign, "kill -9 under load, two paid upstreams with mixed faults", "kills", kills_upstream, 6_000
    ),
    "power": partial(_campaign, "Power cuts: everything unsynced gone", "cuts", power_cuts, 3_000),
    "disk": partial(_campaign, "Disk full and I/O errors at the n-th write", "runs", disk_faults, 1_000),
    "dark": _dark,
    "rest": _rest,
    **{name: partial(_suite, name) for name in _SUITES},
    "schemathesis": _schemathesis,
}
