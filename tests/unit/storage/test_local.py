"""The local folder: the contract of every storage, and what a disk can do to it."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from filmgate.errors import StorageFault
from filmgate.storage import LocalStorage, Storage
from filmgate.testing.storage_contract import KEY, SAMPLE_DATA, StorageContract, list_keys, put, read_all


class Disk:
    """The operating system, writing down what it is asked and failing where it is told to."""

    def __init__(self, **faults: int) -> None:
        self.calls: list[str] = []
        self._faults = faults

    def fsync(self, descriptor: int) -> None:
        """Sync, unless told to fail."""
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        self._ask("fsync", name)
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename, unless told to fail."""
        self._ask("replace", target.name)
        source.replace(target)

    def preadv(self, descriptor: int, buffers: list[bytearray], offset: int, flags: int) -> int:
        """Read, unless told to fail; ``cached`` and ``read`` are told apart by the flags."""
        self._ask("cached" if flags else "read", "")
        return os.preadv(descriptor, buffers, offset, flags)

    def _ask(self, call: str, name: str) -> None:
        self.calls.append(f"{call} {name}".strip())
        if call in self._faults:
            raise OSError(self._faults[call], os.strerror(self._faults[call]), "/secret/path")


class TestLocalStorage(StorageContract):
    """The contract, in a folder."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """An empty folder."""
        return LocalStorage(tmp_path / "files")


class TestLocalStorageThatIsNeverCached(StorageContract):
    """The contract again, where every read has to wait for the disk."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """An empty folder on a slow disk."""
        return LocalStorage(tmp_path / "files", system=Disk(cached=errno.EAGAIN))


async def test_a_file_is_synced_before_it_has_its_name(tmp_path: Path) -> None:
    """File, then the folders that lead to it, then the name, then the folder: a power cut loses nothing kept."""
    disk = Disk()
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
    disk = Disk()
    storage = LocalStorage(tmp_path / "files", system=disk)
    await put(storage)
    disk.calls.clear()
    await put(storage, "videos/ab/video_cd.mp4")
    assert [call.split()[0] for call in disk.calls] == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "I/O error"),
        (errno.EXDEV, "cross-device"),
    ],
)
async def test_a_failing_disk_is_a_fault_in_plain_words(tmp_path: Path, call: str, code: int, words: str) -> None:
    """The caller learns what the disk said, never a path; the staged file stays and no key appears."""
    LocalStorage(tmp_path / "files")
    disk = Disk()
    storage = LocalStorage(tmp_path / "files", system=disk)
    disk._faults[call] = code
    staged = storage.staging_path(".mp4")
    staged.write_bytes(b"data")
    with pytest.raises(StorageFault, match=words) as caught:
        await storage.commit(staged, KEY)
    assert "/" not in caught.value.message.replace("I/O", "")
    assert staged.read_bytes() == b"data"
    assert await list_keys(storage) == []


async def test_a_disk_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """An I/O error in the middle of a download is said, not taken for the file's end."""
    storage = LocalStorage(tmp_path / "files", system=Disk(cached=errno.EIO, read=errno.EIO))
    await put(storage)
    reader = await storage.open(KEY)
    with pytest.raises(StorageFault, match="I/O error"):
        await reader.read(0, 100)
    reader.close()


async def test_cached_bytes_are_read_without_a_thread(tmp_path: Path) -> None:
    """What was just written is in the page cache: reading it does not leave the event loop."""
    disk = Disk()
    storage = LocalStorage(tmp_path / "files", system=disk)
    await put(storage)
    reader = await storage.open(KEY)
    disk.calls.clear()
    assert await read_all(reader, 256 * 1024) == SAMPLE_DATA
    reader.close()
    assert len(disk.calls) in {4, 8}  # 8: a file system that can't tell, so a thread reads each time
    assert set(disk.calls) <= {"cached", "read"}


async def test_a_closed_reader_reads_nothing(tmp_path: Path) -> None:
    """Its descriptor may be another file's by now."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    reader = await storage.open(KEY)
    reader.close()
    with pytest.raises(StorageFault):
        await reader.read(0, 100)


async def test_the_descriptor_serves_sendfile(tmp_path: Path) -> None:
    """A reader's descriptor is the file's, and is given back by close."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    reader = await storage.open(KEY)
    descriptor = reader.fileno()
    assert descriptor is not None
    assert os.pread(descriptor, 10, 256) == SAMPLE_DATA[256:266]
    reader.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


async def test_folders_are_the_owners_alone(tmp_path: Path) -> None:
    """Nobody else on the machine may look into them."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    folders = [path for path in (tmp_path / "files").rglob("*") if path.is_dir()]
    assert len(folders) == 4
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}


async def test_foreign_files_are_no_keys(tmp_path: Path) -> None:
    """What somebody else left in the folder is neither listed nor harmed."""
    storage = LocalStorage(tmp_path / "files")
    await put(storage)
    foreign = tmp_path / "files" / "kept" / "videos" / ".DS_Store"
    foreign.write_bytes(b"")
    assert await list_keys(storage) == [KEY]
    assert foreign.exists()


async def test_many_at_once_all_arrive(tmp_path: Path) -> None:
    """Keeping side by side, in folders that are just being made, loses none."""
    storage = LocalStorage(tmp_path / "files")
    names = [f"videos/{n % 7:02x}/video_{n:02x}.mp4" for n in range(60)]
    await asyncio.gather(*(put(storage, name, name.encode()) for name in names))
    assert await list_keys(storage) == sorted(names)


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    """It is said at the start, not at the first file."""
    (tmp_path / "files").write_bytes(b"")
    with pytest.raises(StorageFault, match="made"):
        LocalStorage(tmp_path / "files")


def test_a_suffix_is_no_path(tmp_path: Path) -> None:
    """Not even a caller of our own can lead the staging elsewhere."""
    with pytest.raises(ValueError, match="suffix"):
        LocalStorage(tmp_path / "files").staging_path("/../../x")
