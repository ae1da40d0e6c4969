"""The repository of uploaded files."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from filmgate.domain import UploadedFile, new_file_id
from filmgate.errors import FileQuotaExceeded, IdempotencyKeyReuse, UploadedFileNotFound
from filmgate.store import Account, FileQuota, FileUsage, NewFile, Store

NOW = 1_000_000.0
AMPLE = FileQuota(files=100, bytes=10_000)


def _new(account: Account, at: float = NOW, *, size: int = 10, expires_at: float | None = None) -> NewFile:
    file_id = new_file_id(at)
    file = UploadedFile(
        id=file_id,
        account_id=account.id,
        filename="shot.png",
        purpose="vision",
        media_type="image/png",
        bytes=size,
        sha256="ab",
        key=f"uploads/{file_id}.png",
        created_at=at,
        expires_at=expires_at,
    )
    return NewFile(file=file, key_id="key_1", fingerprint="same")


async def _ids(store: Store, account: Account, **options: object) -> list[str]:
    chosen = {"after": None, "limit": 10, "ascending": False, "purpose": None} | options
    page, _more = await store.files.page(account.id, NOW, **chosen)  # type: ignore[arg-type]  # the tests' own options
    return [file.id for file in page]


async def test_a_file_is_read_as_it_was_written(store: Store, account: Account) -> None:
    """By its owner; others see nothing, and its bytes are no orphan."""
    new = _new(account)
    assert await store.files.create(new, AMPLE, NOW) == (new.file, True)
    assert await store.files.get(new.file.id, account.id, NOW) == new.file
    assert await store.files.get(new.file.id, "acct_other", NOW) is None
    assert await store.videos.referenced_keys([new.file.key, "uploads/none.png"]) == {new.file.key}
    with pytest.raises(UploadedFileNotFound):
        await store.files.delete(new.file.id, "acct_other", NOW)


async def test_the_sums_follow_every_change(store: Store, account: Account) -> None:
    """Upload, replay, deletion and expiry; a deleted file is gone."""
    assert await store.files.usage(account.id) == FileUsage()
    kept, dropped, expiring = _new(account), _new(account, NOW + 1, size=20), _new(account, NOW + 2, expires_at=NOW + 5)
    for new in (kept, dropped, expiring):
        await store.files.create(replace(new, idempotency_key=new.file.id), AMPLE, NOW)
    await store.files.create(replace(_new(account), idempotency_key=kept.file.id), AMPLE, NOW)
    assert await store.files.usage(account.id) == FileUsage(3, 40)
    assert await store.files.delete(dropped.file.id, account.id, NOW) == dropped.file.key
    assert await store.files.usage(account.id) == FileUsage(2, 20)
    assert await store.files.drop_expired(NOW + 4) == []
    assert await store.files.drop_expired(NOW + 5) == [expiring.file.key]
    assert await store.files.usage(account.id) == FileUsage(1, 10)
    with pytest.raises(UploadedFileNotFound):
        await store.files.delete(dropped.file.id, account.id, NOW)


@pytest.mark.parametrize("quota", [FileQuota(files=1, bytes=10_000), FileQuota(files=100, bytes=19)])
async def test_the_quota_holds(store: Store, account: Account, quota: FileQuota) -> None:
    """By number and by bytes, per account; a refused file changes nothing, and room made is room again."""
    first, second = _new(account), _new(account)
    await store.files.create(first, quota, NOW)
    with pytest.raises(FileQuotaExceeded):
        await store.files.create(second, quota, NOW)
    assert await store.files.usage(account.id) == FileUsage(1, 10)
    other = await store.accounts.create_account("other", None)
    await store.files.create(_new(other), quota, NOW)
    await store.files.delete(first.file.id, account.id, NOW)
    assert (await store.files.create(second, quota, NOW))[1]


async def test_an_expired_file_is_gone_before_the_sweep(store: Store, account: Account) -> None:
    """For retrieve, list and delete."""
    new = _new(account, expires_at=NOW)
    await store.files.create(new, AMPLE, NOW - 10)
    assert await store.files.get(new.file.id, account.id, NOW - 1) == new.file
    assert await store.files.get(new.file.id, account.id, NOW) is None
    assert await _ids(store, account) == []
    with pytest.raises(UploadedFileNotFound):
        await store.files.delete(new.file.id, account.id, NOW)


async def test_pages_continue_after_deleted_files(store: Store, account: Account) -> None:
    """In both orders: a client may delete the files of a page before it asks for the next one."""
    files = [_new(account, NOW + second) for second in range(4)]
    files[1] = replace(files[1], file=replace(files[1].file, purpose="user_data"))
    for new in files:
        await store.files.create(new, AMPLE, NOW)
    oldest = [new.file.id for new in files]
    assert await _ids(store, account, ascending=True) == oldest
    assert await _ids(store, account) == oldest[::-1]
    assert await _ids(store, account, purpose="user_data") == [oldest[1]]
    page, has_more = await store.files.page(account.id, NOW, after=None, limit=2, ascending=False, purpose=None)
    assert ([file.id for file in page], has_more) == (oldest[:1:-1], True)
    for file in page:
        await store.files.delete(file.id, account.id, NOW)
    assert await _ids(store, account, after=page[-1].id) == oldest[1::-1]
    assert await _ids(store, account, after=page[-1].id, purpose="vision") == oldest[:1]
    assert await _ids(store, account, after=oldest[0], ascending=True) == [oldest[1]]


async def test_repeated_uploads_are_one_file(store: Store, account: Account) -> None:
    """By the client's key, or by an SDK's resend; the same key with another request is refused."""
    first, _ = await store.files.create(replace(_new(account), idempotency_key="k"), AMPLE, NOW)
    assert await store.files.create(replace(_new(account), idempotency_key="k"), AMPLE, NOW) == (first, False)
    assert await store.files.create(replace(_new(account), resend_since=NOW - 9), AMPLE, NOW) == (first, False)
    with pytest.raises(IdempotencyKeyReuse):
        await store.files.create(replace(_new(account), idempotency_key="k", fingerprint="other"), AMPLE, NOW)
