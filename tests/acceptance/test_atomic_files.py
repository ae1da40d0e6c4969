"""Atomic writes on a disk that fails or loses power."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from reliability.disk import IO_ERROR, FaultyDisk

pytestmark = pytest.mark.needs("cc")


@pytest.fixture
def disk(tmp_path: Path) -> FaultyDisk:
    """A disk that holds one file."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_bytes(b"old")
    disk = FaultyDisk(folder, tmp_path / "scratch")
    disk.sync_all()
    return disk


def run(disk: FaultyDisk, call: str, **fault: int) -> bool:
    """Whether a process could make the call; its disk fails at the given operation."""
    code = f"from pathlib import Path; from filmgate.atomic_files import *; folder = Path({str(disk.folder)!r}); {call}"
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, env={**os.environ, **disk.environment(**fault)}, capture_output=True, check=False)
    assert process.returncode == 0 or b"OSError" in process.stderr, process.stderr.decode()
    return process.returncode == 0


@pytest.mark.parametrize(
    ("call", "name"),
    [("atomic_write(folder / 'file', b'new')", "file"), ("atomic_create(folder / 'other', b'new')", "other")],
)
def test_a_durable_write_survives_a_power_cut(disk: FaultyDisk, call: str, name: str) -> None:
    """Content and name are on the disk when the call returns."""
    assert run(disk, call)
    disk.cut_power()
    assert (disk.folder / name).read_bytes() == b"new"


def test_a_failing_disk_leaves_the_old_content_or_the_new(disk: FaultyDisk) -> None:
    """Whichever operation fails; a write that failed leaves no temporary file."""
    failures = 0
    while not run(disk, "atomic_write(folder / 'file', b'new')", fault=IO_ERROR, at=failures + 1):
        failures += 1
        assert (disk.folder / "file").read_bytes() in {b"old", b"new"}
        assert [path.name for path in disk.folder.iterdir()] == ["file"]
        disk.cut_power()
        assert (disk.folder / "file").read_bytes() in {b"old", b"new"}
        (disk.folder / "file").write_bytes(b"old")
        disk.sync_all()
    assert failures >= 3
    assert (disk.folder / "file").read_bytes() == b"new"
