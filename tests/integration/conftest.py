"""A flow harness for every test, and an MP4 that engines can return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.engines.testcard import encode
from filmgate.testing.engine_contract import sample_job
from filmgate.testing.harness import SMALL, FlowHarness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FlowHarness]:
    """A flow harness with one account."""
    async with FlowHarness.open(tmp_path) as harness:
        yield harness


@pytest.fixture(scope="session")
def mp4(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a real MP4 of one second, 64 by 64 pixels."""
    path = tmp_path_factory.mktemp("mp4") / "video.mp4"
    encode(sample_job(size=SMALL, seconds=1), path)
    return path.read_bytes()
