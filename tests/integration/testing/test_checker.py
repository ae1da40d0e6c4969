"""The checker reads a real store and real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filmgate.engines.base import Capabilities
from filmgate.testing.checker import (
    ClientResponse,
    read_files,
    read_rows,
    violations,
)
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness


async def test_it_reads_a_real_house(harness: FlowHarness, mp4: bytes) -> None:
    """Rows and files as the store and the storage leave them hold no violation."""
    engine = ScriptedEngine(Capabilities(paid=False), fetch_results=[mp4])
    video = await harness.run_to_end(engine, await harness.accept())
    rows = read_rows(harness.folder / "filmgate.sqlite")
    files = read_files(harness.folder / "files" / "kept")
    seen = [ClientResponse(operation="create", video_id=video.id, http_status=200, status="queued", progress=0)]
    assert violations(seen, rows, files) == []
    assert len(files) == 4
