"""The scene engine fulfils the engine contract, with a real worker and small videos."""

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

# The real worker.
REAL_WORKER = """
import runpy
runpy.run_module("filmgate_scene.worker", run_name="__main__", alter_sys=True)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """One engine for all tests."""
    folder = tmp_path_factory.mktemp("scene")
    scene_engine = SceneEngine(workers=1, scratch=folder / "scratch", command=(sys.executable, "-c", REAL_WORKER))
    await scene_engine.start()
    yield scene_engine
    await scene_engine.stop()


class TestSceneEngine(EngineContract):
    """Runs the engine contract."""

    @pytest.fixture
    def job(self) -> Job:
        """A video of one second."""
        return sample_job(size=Size(96, 160), seconds=1)
