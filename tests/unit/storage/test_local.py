"""The local folder: the contract of every storage, and its behaviour on a failing disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from filmgate.errors import StorageFault
from filmgate.storage import LocalStorage, Storage
from filmgate.testing.storage_contract import KEY, SAMPLE_DATA, StorageContract, list_keys, put, read_all


class FakeOs:
    """Operating system calls that are recorded, and that fail on request."""

    def __init__(self, **errors: int) -> None:
        self.calls: list[str] = []
        self._errors = errors

    def fsync(self, descriptor: int) -> None:
        """Sync, or fail."""
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        self._record("fsync", name)
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename, or fail."""
        self._record("replace", target.name)
        source.replace(target)

    def preadv(self, descriptor: int, buffers: list[bytearray], offset: int, flags: int) -> int:
        """Read, or fail; the flags distinguish ``cached`` from ``read``."""
        self._record("cached" if flags else "read", "")
        return os.preadv(descriptor, buffers, offset, flags)

    def _record(self, call: str, name: str) -> None:
        self.calls.append(f"{call} {name}".strip())
        if call in self._errors:
            raise OSError(self._errors[call], os.strerror(self._errors[call]), "/secret/path")


class TestLocalStorage(StorageContract):
    """The storage contract, in a folder."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """An empty folder."""
        return LocalStorage(tmp_path / "files")


class TestLocalStorageThatIsNeverCached(StorageContract):
    """The storage contract, where every read has to wait for the disk."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """An empty folder on a slow disk."""
        return LocalStorage(tmp_path / "files", system=FakeOs(cached=errno.EAGAIN))


async def test_a_file_is_synced_before_it_has_its_name(tmp_path: Path) -> None:
    """The file, then its parent folders, then the name, then the folder: a power cut loses no stored file."""
    disk = FakeOs()
    storage = LocalStorage(tmp_path / "files", system=disk)
    disk.calls.clear()
    staged = storage.staging_path(".mp4")
    staged.write_bytes(b"data")
    await storage.commit(staged, KEY)
    assert disk.calls == [
        f"fsync {staged.name}",
        "fsync files",
        "fsync kept",
        "fsync videos",
        "replace video_ab.mp4",
        "fsync ab",
    ]


async def test_folders_are_synced_once(tmp_path: Path) -> None:
    """The second file of a folder costs two syncs: its own and its name's."""
    disk = FakeOs()
    storage = LocalStorage(tmp_path / "files", system=disk)
    await put(storage)
    disk.calls.clear()
    await put(storage, "videos/ab/video_cd.mp4")
    assert [call.split()[0] for call in disk.calls] == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "I/O error"),
        (errno.EXDEV, "cross-device"),
    ],
)
async def test_a_failing_disk_raises_a_storage_fault(tmp_path: Path, call: str, code: int, reason: str) -> None:
    """The error gives the reason, never a path; the staged file stays and no key appears."""
    LocalStorage(tmp_path / "files")
    disk = FakeOs()
    storage = LocalStorage(tmp_path / "files", system=disk)
    disk._errors[call] = code
    staged = storage.staging_path(".mp4")
    staged.write_bytes(b"data")
    with pytest.raises(StorageFault, match=reason) as caught:
        await storage.commit(staged, KEY)
    assert "/" not in caught.value.message.replace("I/O", "")
    assert staged.read_bytes() == b"data"
    assert await list_keys(storage) == []


async def test_an_unreadable_disk_raises_a_storage_fault(tmp_path: Path) -> None:
    """An I/O error during a download raises; it is not taken for the end of the file."""
    storage = LocalStorage(tmp_path / "files", system=FakeOs(cached=errno.EIO, read=errno.EIO))
    await put(storage)
    reader = await storage.open(KEY)
    with pytest.raises(StorageFault, match="I/O error"):
        await reader.read(0, 100)
    reader.close()


async def test_cached_bytes_are_read_without_a_thread(tmp_path: Path) -> None:
    """A file just written is in the page cache: reading it does not leave the event loop."""
    disk = FakeOs()
    storage = LocalStorage(tmp_path / "files", system=disk)
    await put(storage)
    reader = await storage.open(KEY)
    disk.calls.clear()
    assert await read_all(reader, 256 * 1024) == SAMPLE_DATA
    reader.close()
    assert len(disk.calls) in {4, 8}  # 8: a file system without RWF_NOWAIT, so a thread reads each time
    assert set(disk.calls) <= {"cached", "read"}


async def test_a_closed_reader_reads_nothing(tmp_path: Path) -> None:
    """Its descriptor may belong to another file in the meantime."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    reader = await storage.open(KEY)
    reader.close()
    with pytest.raises(StorageFault):
        await reader.read(0, 100)


async def test_the_descriptor_serves_sendfile(tmp_path: Path) -> None:
    """A reader's descriptor is the file's, and close() closes it."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    reader = await storage.open(KEY)
    descriptor = reader.fileno()
    assert descriptor is not None
    assert os.pread(descriptor, 10, 256) == SAMPLE_DATA[256:266]
    reader.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


async def test_folders_are_private_to_their_owner(tmp_path: Path) -> None:
    """Other users of the machine can't read them."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    folders = [path for path in (tmp_path / "files").rglob("*") if path.is_dir()]
    assert len(folders) == 4
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


async def test_foreign_files_are_not_keys(tmp_path: Path) -> None:
    """Foreign files in the folder are neither listed nor changed."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    foreign = tmp_path / "files" / "kept" / "videos" / ".DS_Store"
    foreign.write_bytes(b"")
    assert await list_keys(storage) == [KEY]
    assert foreign.exists()


async def test_concurrent_commits_all_succeed(tmp_path: Path) -> None:
    """Concurrent commits into folders that are being created lose no file."""
    storage = LocalStorage(tmp_path / "files")
    names = [f"videos/{n % 7:02x}/video_{n:02x}.mp4" for n in range(60)]
    await asyncio.gather(*(put(storage, name, name.encode()) for name in names))
    assert await list_keys(storage) == sorted(names)


def test_a_folder_that_cannot_be_created_raises_a_storage_fault(tmp_path: Path) -> None:
    """The error is raised at the start, not at the first file."""
    (tmp_path / "files").write_bytes(b"")
    with pytest.raises(StorageFault, match="created"):
        LocalStorage(tmp_path / "files")


def test_a_suffix_is_no_path(tmp_path: Path) -> None:
    """Even our own code can't direct staged files elsewhere."""
    with pytest.raises(ValueError, match="suffix"):
        LocalStorage(tmp_path / "files").staging_path("/../../x")
