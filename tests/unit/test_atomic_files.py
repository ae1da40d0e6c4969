"""Atomic writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from filmgate.atomic_files import atomic_create, atomic_write, sync


@pytest.fixture
def umask() -> Iterator[None]:
    """The umask that most systems set."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def names(folder: Path) -> list[str]:
    """The names in a folder."""
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("durable", [True, False])
def test_a_write_replaces_the_file(tmp_path: Path, *, durable: bool) -> None:
    """The file has the new content, and the temporary file is gone."""
    path = tmp_path / "file"
    for content in (b"old", b"new content", b""):
        atomic_write(path, content, durable=durable)
        assert path.read_bytes() == content
        assert names(tmp_path) == ["file"]


def test_a_reader_keeps_the_old_content(tmp_path: Path) -> None:
    """The write creates a new file and does not change the open one."""
    path = tmp_path / "file"
    atomic_write(path, b"old")
    with path.open("rb") as reader:
        atomic_write(path, b"new")
        assert reader.read() == b"old"


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(("mode", "bits"), [(0o666, 0o644), (0o600, 0o600)])
def test_the_mode_is_set_before_the_content(tmp_path: Path, mode: int, bits: int) -> None:
    """A secret file is private from its first byte on, also where a file with other mode bits is replaced."""
    path = tmp_path / "file"
    path.touch(0o644)
    atomic_write(path, b"content", mode=mode)
    assert path.stat().st_mode & 0o777 == bits


def test_a_failed_write_leaves_no_file_behind(tmp_path: Path) -> None:
    """This holds for a missing folder and for a name that is a folder."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        atomic_write(tmp_path / "folder", b"content")
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "missing" / "file", b"content")
    assert names(tmp_path) == ["folder"]


def test_one_of_several_creators_succeeds(tmp_path: Path) -> None:
    """The others find its complete file."""
    path, creators = tmp_path / "file", 8
    barrier = Barrier(creators)

    def create(number: int) -> bytes | None:
        content = bytes([number]) * 1000
        barrier.wait()
        try:
            atomic_create(path, content)
        except FileExistsError:
            return None
        return content

    with ThreadPoolExecutor(creators) as pool:
        created = [content for content in pool.map(create, range(creators)) if content is not None]
    assert created == [path.read_bytes()]
    assert names(tmp_path) == ["file"]


def test_a_missing_path_cannot_be_synced(tmp_path: Path) -> None:
    """Files and folders can be."""
    (tmp_path / "file").touch()
    sync(tmp_path / "file")
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "missing")
