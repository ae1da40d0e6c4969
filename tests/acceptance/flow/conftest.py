"""A store and a storage for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from filmgate.testing.harness import FlowHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FlowHarness]:
    """One account, in a data folder of its own."""
    async with FlowHarness.open(tmp_path) as opened:
        yield opened
