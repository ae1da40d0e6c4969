"""The service of uploaded files: admission and expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.cli import PNG

from filmgate.errors import FileQuotaExceeded, StorageFault, UploadedFileNotFound
from filmgate.flow.cleanup import StorageCleaner
from filmgate.services.files import OVERHEAD_BYTES, FileService
from filmgate.storage.base import MIN_FREE_BYTES
from filmgate.store import FileQuota, Principal
from filmgate.wire.params import FileParams, Upload

if TYPE_CHECKING:
    from filmgate.testing.harness import FlowHarness

QUOTA = FileQuota(files=3, bytes=1_000_000)
LARGE = 600_000 + OVERHEAD_BYTES


def _service(harness: FlowHarness, free: int = 2**40) -> FileService:
    return FileService(
        harness.store, harness.storage, harness.clock, quota=QUOTA, max_bytes=700_000, free_bytes=lambda: free
    )


def _principal(harness: FlowHarness) -> Principal:
    return Principal(account_id=harness.account.id, key_id="key_1")


def _upload(harness: FlowHarness, expires_after: int | None = None) -> FileParams:
    path = harness.storage.staging_path()
    path.write_bytes(PNG)
    return FileParams(file=Upload(path, len(PNG), "0", "shot.png"), purpose="vision", expires_after=expires_after)


async def test_uploads_that_are_arriving_count(harness: FlowHarness) -> None:
    """By their declared lengths; an undeclared one counts as the largest body. Refused or done, it counts no more."""
    service, principal = _service(harness), _principal(harness)
    for unknown in (LARGE, None):
        async with service.admit(principal, unknown):
            with pytest.raises(FileQuotaExceeded):
                async with service.admit(principal, LARGE):
                    pytest.fail("it was admitted")
    async with service.admit(principal, 1), service.admit(principal, 1), service.admit(principal, 1):
        with pytest.raises(FileQuotaExceeded, match="3 files"):
            async with service.admit(principal, 1):
                pytest.fail("it was admitted")
    async with service.admit(principal, LARGE):
        pass
    assert service._arriving == {}


async def test_other_accounts_are_not_concerned(harness: FlowHarness) -> None:
    """The quota is one account's."""
    service = _service(harness)
    other = Principal(account_id="acct_other", key_id="key_2")
    async with service.admit(_principal(harness), LARGE), service.admit(other, LARGE):
        assert set(service._arriving) == {harness.account.id, "acct_other"}


async def test_a_full_disk_takes_no_upload(harness: FlowHarness) -> None:
    """It is refused before its body, and can be sent again later."""
    service, principal = _service(harness, MIN_FREE_BYTES + 600_000), _principal(harness)
    async with service.admit(principal, 1):
        with pytest.raises(StorageFault):
            async with service.admit(principal, LARGE + 1):
                pytest.fail("it was admitted")
    assert service._arriving == {}


async def test_a_file_expires(harness: FlowHarness) -> None:
    """At its time it is gone for its owner; the sweep removes its bytes, and those of no other file."""
    service, principal = _service(harness), _principal(harness)
    cleaner = StorageCleaner(harness.store.videos, harness.store.files, harness.storage, harness.clock)
    kept = await service.create(principal, _upload(harness))
    expiring = await service.create(principal, _upload(harness, expires_after=3_600))
    assert expiring.expires_at == expiring.created_at + 3_600
    harness.clock.now += 3_599
    assert await cleaner.remove_expired() == 0
    assert await service.retrieve(principal, expiring.id) == expiring
    harness.clock.now += 1
    with pytest.raises(UploadedFileNotFound):
        await service.retrieve(principal, expiring.id)
    assert await harness.store.admin.count_expired(harness.clock()) == 1
    assert await cleaner.remove_expired() == 1
    assert await harness.stored_keys() == [kept.key]


async def test_an_uploaded_file_is_no_orphan(harness: FlowHarness) -> None:
    """However long it is kept; without its row it is one."""
    service, principal = _service(harness), _principal(harness)
    cleaner = StorageCleaner(harness.store.videos, harness.store.files, harness.storage, harness.clock)
    file = await service.create(principal, _upload(harness))
    await cleaner.remove_orphans()
    harness.clock.now += 10_000
    assert await cleaner.remove_orphans() == 0
    await harness.store.files.delete(file.id, harness.account.id, harness.clock())
    await cleaner.remove_orphans()
    harness.clock.now += 10_000
    assert await cleaner.remove_orphans() == 1
