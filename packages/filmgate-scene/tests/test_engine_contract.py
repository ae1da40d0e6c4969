"""The scene engine keeps every engine's contract, with a true worker and small films."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from filmgate.domain import Size
from filmgate.testing.engine_contract import EngineContract, sample_job
from filmgate_scene import SceneEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from filmgate.engines.base import Engine, Job

pytestmark = pytest.mark.asyncio(loop_scope="module")

# The true worker, with the kernels that this checkout's other tests compiled.
TRUE_WORKER = """
import runpy
runpy.run_module("filmgate_scene.worker", run_name="__main__", alter_sys=True)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(_compiled_kernels: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """An engine that draws, warmed up once for all."""
    folder = tmp_path_factory.mktemp("scene")
    made = SceneEngine(workers=1, cache=folder, scratch=folder / "scratch", command=(sys.executable, "-c", TRUE_WORKER))
    await made.start()
    yield made
    await made.stop()


class TestSceneEngine(EngineContract):
    """The contract."""

    @pytest.fixture
    def job(self) -> Job:
        """A film of one second."""
        return sample_job(size=Size(96, 160), seconds=1)
