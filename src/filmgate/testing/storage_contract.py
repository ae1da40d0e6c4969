"""What every storage must do, as tests that any storage's own suite can run.

Subclass :class:`StorageContract` in a test file and give it a ``storage`` fixture that is empty at first::

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self, tmp_path: Path) -> Storage:
            return MyStorage(tmp_path)

It needs pytest and pytest-asyncio (in its ``auto`` mode), which are not among Filmgate's own dependencies.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time

import pytest

from filmgate.errors import StorageFault
from filmgate.storage.base import Reader, Storage, StoredObject

__all__ = ["StorageContract", "list_keys", "put", "read_all"]

KEY = "videos/ab/video_ab.mp4"
SAMPLE_DATA = bytes(range(256)) * 4000  # about a megabyte, without a period equal to a block size


async def put(storage: Storage, key: str = KEY, data: bytes = SAMPLE_DATA) -> StoredObject:
    """Stage bytes and commit them."""
    staged = storage.staging_path(".mp4")
    await asyncio.to_thread(staged.write_bytes, data)
    return await storage.commit(staged, key)


async def read_all(reader: Reader, block_size: int = 100_000) -> bytes:
    """A reader's content, block by block."""
    parts = [await reader.read(offset, block_size) for offset in range(0, reader.size, block_size)]
    return b"".join(parts)


async def list_keys(storage: Storage, prefix: str = "") -> list[str]:
    """The keys with this prefix, sorted."""
    found = storage.keys(prefix)
    return sorted([key async for key in found])


class StorageContract:
    """The tests; see the module."""

    __test__ = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__test__ = True

    async def test_a_committed_file_can_be_read(self, storage: Storage) -> None:
        """The bytes come back, with their length and digest."""
        stored = await put(storage)
        assert stored == StoredObject(key=KEY, bytes=len(SAMPLE_DATA), sha256=hashlib.sha256(SAMPLE_DATA).hexdigest())
        reader = await storage.open(KEY)
        assert reader.size == len(SAMPLE_DATA)
        assert await read_all(reader) == SAMPLE_DATA
        reader.close()

    async def test_an_empty_file_can_be_committed(self, storage: Storage) -> None:
        """A file of zero bytes is a file."""
        assert (await put(storage, data=b"")).bytes == 0
        reader = await storage.open(KEY)
        assert (reader.size, await reader.read(0, 10)) == (0, b"")
        reader.close()

    async def test_any_part_can_be_read(self, storage: Storage) -> None:
        """Parts are exact, and shorter only at the end of the file."""
        await put(storage)
        reader = await storage.open(KEY)
        for offset, length in ((0, 1), (0, 0), (255, 300_000), (len(SAMPLE_DATA) - 5, 5), (len(SAMPLE_DATA) - 5, 500)):
            assert await reader.read(offset, length) == SAMPLE_DATA[offset : offset + length]
        assert await reader.read(len(SAMPLE_DATA), 1) == b""
        assert await reader.read(len(SAMPLE_DATA) + 100, 1) == b""
        reader.close()

    async def test_readers_are_independent(self, storage: Storage) -> None:
        """A reader has no position that another could move."""
        await put(storage)
        readers = [await storage.open(KEY) for _ in range(8)]
        contents = await asyncio.gather(*(read_all(reader, 50_000 + n) for n, reader in enumerate(readers)))
        assert all(content == SAMPLE_DATA for content in contents)
        for reader in readers:
            reader.close()

    async def test_closing_twice_is_harmless(self, storage: Storage) -> None:
        """The second close has no effect, on another file's descriptor neither."""
        await put(storage)
        reader = await storage.open(KEY)
        reader.close()
        reader.close()

    async def test_a_missing_key_is_not_found(self, storage: Storage) -> None:
        """Opening a key that does not exist raises FileNotFoundError, also for a folder's name."""
        await put(storage)
        for key in ("videos/ab/video_cd.mp4", "videos/ab", "videos", "nothing"):
            with pytest.raises(FileNotFoundError):
                await storage.open(key)
            with pytest.raises(FileNotFoundError):
                async with storage.local_path(key):
                    pass

    async def test_a_second_commit_replaces_the_first(self, storage: Storage) -> None:
        """The second commit under the same key wins, and no reader sees a mixture."""
        await put(storage)
        before = await storage.open(KEY)
        await put(storage, data=b"second")
        after = await storage.open(KEY)
        assert await read_all(before) == SAMPLE_DATA
        assert await read_all(after) == b"second"
        before.close()
        after.close()

    async def test_a_committed_file_is_no_longer_staged(self, storage: Storage) -> None:
        """It was moved: nothing is left for the cleanup."""
        staged = storage.staging_path()
        await asyncio.to_thread(staged.write_bytes, b"data")
        await storage.commit(staged, KEY)
        assert not staged.exists()

    async def test_staging_paths_are_fresh(self, storage: Storage) -> None:
        """Paths are unique, none exists, and the suffix is kept."""
        paths = [storage.staging_path(".png") for _ in range(100)]
        assert len(set(paths)) == 100
        assert all(path.suffix == ".png" and not path.exists() and path.parent.is_dir() for path in paths)

    async def test_committing_a_missing_file_is_a_fault(self, storage: Storage) -> None:
        """It raises, and no key appears."""
        with pytest.raises(StorageFault):
            await storage.commit(storage.staging_path(), KEY)
        assert await list_keys(storage) == []

    async def test_deleting_removes_and_may_be_repeated(self, storage: Storage) -> None:
        """Afterwards the key is not found; deleting a missing key is no error."""
        await put(storage)
        await storage.delete(KEY)
        await storage.delete(KEY)
        with pytest.raises(FileNotFoundError):
            await storage.open(KEY)

    async def test_an_open_file_outlives_its_key(self, storage: Storage) -> None:
        """A running download keeps its bytes."""
        await put(storage)
        reader = await storage.open(KEY)
        first = await reader.read(0, 1000)
        await storage.delete(KEY)
        assert first + await reader.read(1000, len(SAMPLE_DATA)) == SAMPLE_DATA
        reader.close()

    async def test_keys_are_listed_by_prefix(self, storage: Storage) -> None:
        """All keys, or those with the prefix, whether it ends at a folder or not."""
        names = ["references/ab/video_1.png", "videos/ab/video_1.mp4", "videos/ab/video_2.mp4", "videos/cd/video_1.mp4"]
        for name in names:
            await put(storage, name, b"data")
        assert await list_keys(storage) == names
        assert await list_keys(storage, "videos/") == names[1:]
        assert await list_keys(storage, "videos/ab/video_2") == [names[2]]
        assert await list_keys(storage, "nothing/") == []

    async def test_staged_files_are_no_keys(self, storage: Storage) -> None:
        """A file that is being written is not listed."""
        staged = storage.staging_path(".mp4")
        await asyncio.to_thread(staged.write_bytes, b"half")
        assert await list_keys(storage) == []
        staged.unlink()

    async def test_a_local_path_has_the_bytes(self, storage: Storage) -> None:
        """Engines and probes get a path in their own file system."""
        await put(storage)
        async with storage.local_path(KEY) as path:
            assert await asyncio.to_thread(path.read_bytes) == SAMPLE_DATA

    @pytest.mark.parametrize(
        "key",
        ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.hidden", "a\x00b", "Ａ", "a\\b", "a/", "x" * 300, "a\n"],
    )
    async def test_only_valid_keys_are_accepted(self, storage: Storage, key: str) -> None:
        """A name that could leave the folder is a programming error, whatever its source."""
        staged = storage.staging_path()
        await asyncio.to_thread(staged.write_bytes, b"data")
        with pytest.raises(ValueError, match="not a key"):
            await storage.commit(staged, key)
        for operation in (storage.open, storage.delete):
            with pytest.raises(ValueError, match="not a key"):
                await operation(key)
        assert staged.exists()

    async def test_the_cleanup_removes_old_staged_files(self, storage: Storage) -> None:
        """Old staged files are deleted; young ones and committed ones stay."""
        await put(storage)
        old, young = storage.staging_path(".mp4"), storage.staging_path(".mp4")
        for path in (old, young):
            await asyncio.to_thread(path.write_bytes, b"half")
        hours_ago = time.time() - 7200
        os.utime(old, (hours_ago, hours_ago))
        assert await storage.discard_stale(hours_ago + 3600) == 1
        assert (old.exists(), young.exists()) == (False, True)
        assert await list_keys(storage) == [KEY]
