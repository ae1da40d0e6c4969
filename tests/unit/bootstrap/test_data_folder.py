"""The data folder: who may read what is in it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from filmgate.bootstrap.data_folder import FOLDERS, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask of most shells, with which new files are readable by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _readable(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if stat.S_IMODE(path.lstat().st_mode) & 0o077)


@pytest.mark.usefixtures("open_umask")
def test_other_users_are_kept_out(tmp_path: Path) -> None:
    """In a folder that others may enter, as a mount, and where an earlier version left files open."""
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    for name in ("filmgate.sqlite-wal", "flow.sqlite"):
        (data / name).write_bytes(b"x")
    for name in FOLDERS[1:]:
        (data / name).mkdir()
    (data / "filmgate.sqlite").write_bytes(b"x")
    (data / "filmgate.toml").write_bytes(b"")
    prepare(data)
    assert _readable(data) == ["filmgate.toml"]
    assert stat.S_IMODE(data.stat().st_mode) == 0o755


@pytest.mark.usefixtures("open_umask")
def test_a_new_folder_is_private(tmp_path: Path) -> None:
    """Also if its parent is not; what lies elsewhere keeps its mode."""
    other = tmp_path / "other"
    other.write_bytes(b"")
    data = tmp_path / "new" / "data"
    data.mkdir(parents=True)
    (data / "flow.sqlite-journal").symlink_to(other)
    prepare(data)
    assert stat.S_IMODE(other.stat().st_mode) == 0o644
    assert stat.S_IMODE((data / "filmgate.sqlite").stat().st_mode) == 0o600
