"""A house for every test, and a film to put into it."""

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
    """A house with one account."""
    async with FlowHarness.open(tmp_path) as harness:
        yield harness


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A true film of one second, 64 by 64."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(sample_job(size=SMALL, seconds=1), path)
    return path.read_bytes()
