"""Real processes, real signals: the campaigns of ``make reliability``, each for a few cycles.

``FILMGATE_TEST_KILLS=300`` in the environment kills as often as that, ``FILMGATE_TEST_SEED`` decides about the dice.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from reliability.kills import CampaignResult, kill_campaign
from reliability.leak_check import check_leaks
from reliability.power import disk_faults, power_cuts
from reliability.upstreams import VENDORS, outage_campaign, upstream_kill_campaign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

CYCLES = int(os.environ.get("FILMGATE_TEST_KILLS", "0"))
SEED = int(os.environ.get("FILMGATE_TEST_SEED", "7"))


async def _campaign(
    run: Callable[..., Awaitable[CampaignResult]], folder: Path, cycles: int, capsys: pytest.CaptureFixture[str]
) -> None:
    came = await run(folder, cycles=CYCLES or cycles, seed=SEED)
    with capsys.disabled():
        sys.stdout.write(f"\n{run.__name__}, seed {SEED}: {came}\n")
    assert came.violations == []
    assert sum(came.final_statuses.values()) >= came.cycles / 2


@pytest.mark.timeout(300 + CYCLES * 15)
async def test_nothing_is_lost_doubled_or_misbilled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However often the server is killed, every answered video ends, once, booked right, with its bytes."""
    await _campaign(kill_campaign, tmp_path, 16, capsys)


@pytest.mark.timeout(300 + CYCLES * 15)
async def test_nothing_paid_is_submitted_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same in front of two upstreams that cost money and misbehave: by their own logs, each video once."""
    await _campaign(upstream_kill_campaign, tmp_path, 16, capsys)


@pytest.mark.timeout(300)
async def test_an_upstream_may_go_dark(tmp_path: Path) -> None:
    """One of two upstreams behind one model answers nothing for a while: every video ends, and the books are right."""
    came = await outage_campaign(tmp_path, seconds=3.0, seed=SEED)
    assert came.violations == []
    assert came.final_statuses.get("completed", 0) >= 8


@pytest.mark.timeout(300)
async def test_all_upstreams_may_go_dark(tmp_path: Path) -> None:
    """The same when nobody answers at all: what they had goes on when they are back, what was cut off is in doubt."""
    came = await outage_campaign(tmp_path, seconds=3.0, seed=SEED, vendors=VENDORS)
    assert came.violations == []
    assert sum(came.final_statuses.values()) >= 12
    assert came.final_statuses.get("completed", 0) >= 1


@pytest.mark.timeout(300)
async def test_a_server_comes_to_rest(tmp_path: Path) -> None:
    """After its load a server holds as many descriptors, threads and bytes as before it."""
    came = await check_leaks(tmp_path, seconds=3.0, seed=SEED)
    assert came.violations == []
    assert came.final_statuses.get("completed", 0) >= 8


@pytest.mark.needs("cc")
@pytest.mark.timeout(300 + CYCLES * 20)
async def test_a_power_cut_takes_nothing_that_was_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was not synced is gone from the disk, and every answer that a client got still holds."""
    await _campaign(power_cuts, tmp_path, 6, capsys)


@pytest.mark.needs("cc")
@pytest.mark.timeout(300 + CYCLES * 20)
async def test_a_full_or_broken_disk_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Writes and syncs that fail at the n-th operation are refused politely, or end the server: nothing is lost."""
    await _campaign(disk_faults, tmp_path, 6, capsys)
