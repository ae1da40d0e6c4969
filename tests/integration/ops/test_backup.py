"""Backups of a data folder, and restoring them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.config.routing import Route, RouteTarget
from filmgate.domain import Asset, AssetKind, UploadedFile, VideoRecord, new_file_id
from filmgate.engines.base import Capabilities, JobState, JobStatus
from filmgate.errors import EngineUnavailable, IntegrityError, SettingsError
from filmgate.ops import backup
from filmgate.store import FileQuota, NewFile, Store
from filmgate.testing.harness import FlowHarness
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def _can(**able: Any) -> Capabilities:
    return Capabilities(**{"paid": False, "idempotent": False, "findable": False} | able)


async def _complete(harness: FlowHarness, video: VideoRecord, content: bytes = b"video") -> Asset:
    rows, now = harness.store.videos, harness.clock()
    staged = harness.storage.staging_path(".mp4")
    staged.write_bytes(content)
    stored = await harness.storage.commit(staged, f"videos/{video.id}.mp4")
    asset = Asset(
        kind=AssetKind.VIDEO,
        key=stored.key,
        media_type="video/mp4",
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=64,
        height=64,
    )
    assert await rows.record_intent(video.id, "token", now)
    assert await rows.record_ticket(video.id, "token", video.id, now)
    assert await rows.start_fetching(video.id, now)
    assert await rows.complete(video.id, [asset], {}, now, None)
    return asset


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[FlowHarness]:
    """A folder with rows, files and keys."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets" / "vault.key").write_bytes(b"k" * 32)
    async with FlowHarness.open(folder) as opened:
        yield opened


def _back_up(harness: FlowHarness, target: Path) -> backup.Manifest:
    return backup.create(harness.folder, target, now=2e6, version="1.2.3")


async def test_a_backup_can_be_restored(harness: FlowHarness, tmp_path: Path) -> None:
    """Rows, files and keys are restored unchanged, readable by their user only; files without a row are not copied."""
    asset = await _complete(harness, await harness.accept())
    stray = harness.storage.staging_path()
    stray.write_bytes(b"stray")
    await harness.storage.commit(stray, "references/stray.png")
    manifest = _back_up(harness, tmp_path / "copy")
    assert (manifest.rows["video"], manifest.rows["asset"], manifest.unfinished, manifest.filmgate) == (
        1,
        1,
        0,
        "1.2.3",
    )
    assert set(manifest.files) == {"filmgate.sqlite", f"files/kept/{asset.key}", "secrets/vault.key"}
    assert backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6) == manifest
    assert (tmp_path / "back" / "files" / "kept" / asset.key).read_bytes() == b"video"
    for name in ("secrets/vault.key", "filmgate.sqlite"):
        assert (tmp_path / "back" / name).stat().st_mode & 0o077 == 0
    store = Store.open(tmp_path / "back" / "filmgate.sqlite")
    (back,), _more = await store.videos.page(harness.account.id, after=None, limit=9, ascending=True)
    assert back.status == "completed"
    assert await store.ledger.audit() == []
    await store.close()


async def test_damaged_files_are_found(harness: FlowHarness) -> None:
    """One flipped bit, and a file that is gone; a video that was deleted meanwhile is no damage."""
    first, second = [await _complete(harness, await harness.accept()) for _ in range(2)]
    assert backup.find_damaged(harness.folder) == []
    path = harness.folder / "files" / "kept" / first.key
    path.chmod(0o600)
    path.write_bytes(b"Video")
    (harness.folder / "files" / "kept" / second.key).unlink()
    assert backup.find_damaged(harness.folder) == [
        f"files/kept/{first.key} is damaged: its 5 bytes are not those that were stored",
        f"files/kept/{second.key} is gone",
    ]
    for video in (await harness.store.videos.page(harness.account.id, after=None, limit=9, ascending=True))[0]:
        await harness.store.videos.delete(video.id, harness.account.id, harness.clock())
    assert backup.find_damaged(harness.folder) == []


async def test_uploaded_files_are_in_a_backup(harness: FlowHarness, tmp_path: Path) -> None:
    """As their rows say; rows of a Filmgate that had none can be copied too."""
    file_id = new_file_id(harness.clock())
    staged = harness.storage.staging_path()
    staged.write_bytes(b"image")
    stored = await harness.storage.commit(staged, f"uploads/{file_id}.png")
    file = UploadedFile(
        id=file_id,
        account_id=harness.account.id,
        filename="shot.png",
        purpose="vision",
        media_type="image/png",
        bytes=stored.bytes,
        sha256=stored.sha256,
        key=stored.key,
        created_at=harness.clock(),
        expires_at=None,
    )
    await harness.store.files.create(NewFile(file=file), FileQuota(1, 100), harness.clock())
    manifest = _back_up(harness, tmp_path / "copy")
    assert f"files/kept/{stored.key}" in manifest.files
    with closing(sqlite3.connect(harness.folder / "filmgate.sqlite", isolation_level=None)) as connection:
        connection.execute("DROP TABLE file")
    assert "file" not in _back_up(harness, tmp_path / "again").rows


async def test_a_file_deleted_during_the_backup(harness: FlowHarness, tmp_path: Path) -> None:
    """If a video is deleted after its row was copied, the rows are copied once more, and it is in neither part."""
    asset, doomed = await _complete(harness, await harness.accept()), await _complete(harness, await harness.accept())
    copies: list[int] = []

    def lose() -> None:
        if not copies:
            with closing(sqlite3.connect(harness.folder / "filmgate.sqlite", isolation_level=None)) as connection:
                connection.execute("DELETE FROM asset WHERE key = ?", (doomed.key,))
            (harness.folder / "files" / "kept" / doomed.key).unlink()
        copies.append(1)

    manifest = backup.create(harness.folder, tmp_path / "copy", now=2e6, version="1", on_copied=lose)
    assert len(copies) == 2
    assert [name for name in manifest.files if name.startswith("files/")] == [f"files/kept/{asset.key}"]


async def test_damage_is_detected(harness: FlowHarness, tmp_path: Path) -> None:
    """A changed or missing file, one that differs from its row, or an incomplete copy: nothing is restored."""
    asset = await _complete(harness, await harness.accept())
    _back_up(harness, tmp_path / "copy")
    copied = tmp_path / "copy" / "files" / "kept" / asset.key
    copied.unlink()
    with pytest.raises(IntegrityError, match="missing"):
        backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6)
    copied.write_bytes(b"vodeo")
    with pytest.raises(IntegrityError, match="other bytes"):
        backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6)
    assert not (tmp_path / "back").exists()
    (tmp_path / "copy" / "manifest.json").unlink()
    with pytest.raises(SettingsError, match="no whole backup"):
        backup.verify(tmp_path / "copy")
    (harness.folder / "files" / "kept" / asset.key).write_bytes(b"longer")
    with pytest.raises(IntegrityError, match="its row"):
        _back_up(harness, tmp_path / "again")


async def test_existing_folders_are_not_overwritten(harness: FlowHarness, tmp_path: Path) -> None:
    """Neither a backup nor a restore writes to a folder that is not empty; a folder without rows can't be backed up."""
    _back_up(harness, tmp_path / "copy")
    with pytest.raises(SettingsError, match="not empty"):
        _back_up(harness, tmp_path / "copy")
    with pytest.raises(SettingsError, match="not empty"):
        backup.restore(tmp_path / "copy", harness.folder, now=3e6)
    with pytest.raises(SettingsError, match="nothing to back up"):
        backup.create(tmp_path / "none", tmp_path / "other", now=2e6, version="1")


@pytest.mark.parametrize("stage", ["accepted", "submitting"])
@pytest.mark.parametrize(
    ("can", "code"),
    [
        (_can(paid=True), "submission_unknown"),
        (_can(paid=True, findable=True), "submission_unknown"),
        (_can(paid=True, idempotent=True), "submission_unknown"),
        (_can(), "engine_error"),
    ],
)
async def test_paid_engines_get_no_second_submission(
    harness: FlowHarness, tmp_path: Path, can: Capabilities, code: str, stage: str
) -> None:
    """A video that may have been submitted after the backup fails with its hold released; a local engine runs it."""
    video = await harness.accept()
    if stage == "submitting":
        assert await harness.store.videos.record_intent(video.id, "token", harness.clock())
    _back_up(harness, tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "back", now=harness.clock())
    async with FlowHarness.open(tmp_path / "back") as back:
        engine = ScriptedEngine(can, poll_results=[JobStatus(state=JobState.FAILED)])
        await back.build_executor(engine)(video.id)
        video_after = await back.reload(video)
        assert video_after.error is not None
        assert (video_after.error.code, len(engine.submitted)) == (code, 0 if can.paid else 1)
        assert await back.store.ledger.audit() == []


async def test_a_video_of_a_free_engine_goes_to_no_paid_one(harness: FlowHarness, tmp_path: Path) -> None:
    """After the backup it may have failed over to the route's paid engine: it is not submitted there again."""
    route = Route(targets=(RouteTarget("scripted"), RouteTarget("paid")))
    video = await harness.accept()
    _back_up(harness, tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "back", now=harness.clock())
    async with FlowHarness.open(tmp_path / "back") as back:
        free, paid = (
            ScriptedEngine(_can(), submit_results=[EngineUnavailable()]),
            ScriptedEngine(_can(paid=True), name="paid"),
        )
        video_after = await back.run_to_end(free, video, paid, route=route)
        assert video_after.error is not None
        assert (video_after.error.code, video_after.engine, paid.submitted) == ("engine_unavailable", "scripted", [])
