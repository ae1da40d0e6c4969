"""Copies of a data folder, and what comes back from them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from filmgate.config.routing import Leg, Route
from filmgate.domain import Asset, AssetKind, Video
from filmgate.engines.base import Capabilities, State, Verdict
from filmgate.errors import EngineUnavailable, IntegrityError, SettingsError
from filmgate.ops import backup
from filmgate.store import Store
from filmgate.testing.harness import House
from filmgate.testing.scripted import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def _can(**able: bool) -> Capabilities:
    return Capabilities(**{"paid": False, "idempotent": False, "findable": False} | able)


async def _complete(harness: House, video: Video, content: bytes = b"film") -> Asset:
    rows, now = harness.store.videos, harness.time()
    staged = harness.storage.staging(".mp4")
    staged.write_bytes(content)
    stored = await harness.storage.keep(staged, f"videos/{video.id}.mp4")
    film = Asset(
        kind=AssetKind.VIDEO,
        key=stored.key,
        media_type="video/mp4",
        bytes=stored.bytes,
        sha256=stored.sha256,
        width=64,
        height=64,
    )
    assert await rows.intend(video.id, "token", now)
    assert await rows.ticketed(video.id, "token", video.id, now)
    assert await rows.fetching(video.id, now)
    assert await rows.complete(video.id, [film], {}, now, None)
    return film


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[House]:
    """A folder with rows, files and keys."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets" / "vault.key").write_bytes(b"k" * 32)
    async with House.open(folder) as opened:
        yield opened


def _take(harness: House, target: Path) -> backup.Manifest:
    return backup.take(harness.folder, target, now=2e6, version="1.2.3")


async def test_there_and_back(harness: House, tmp_path: Path) -> None:
    """Rows, files and keys come back as they were, for their user alone; what no row names stays behind."""
    film = await _complete(harness, await harness.accept())
    stray = harness.storage.staging()
    stray.write_bytes(b"stray")
    await harness.storage.keep(stray, "references/stray.png")
    made = _take(harness, tmp_path / "copy")
    assert (made.rows["video"], made.rows["asset"], made.unfinished, made.filmgate) == (1, 1, 0, "1.2.3")
    assert set(made.files) == {"filmgate.sqlite", f"files/kept/{film.key}", "secrets/vault.key"}
    assert backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6) == made
    assert (tmp_path / "back" / "files" / "kept" / film.key).read_bytes() == b"film"
    for name in ("secrets/vault.key", "filmgate.sqlite"):
        assert (tmp_path / "back" / name).stat().st_mode & 0o077 == 0
    store = Store.open(tmp_path / "back" / "filmgate.sqlite")
    (back,), _more = await store.videos.page(harness.account.id, after=None, limit=9, ascending=True)
    assert back.status == "completed"
    assert await store.ledger.audit() == []
    await store.close()


async def test_a_file_that_goes_meanwhile(harness: House, tmp_path: Path) -> None:
    """A film that goes between the copy of its row and its own turn is in neither: the rows are copied once more."""
    film, doomed = await _complete(harness, await harness.accept()), await _complete(harness, await harness.accept())
    copies: list[int] = []

    def lose() -> None:
        if not copies:
            with closing(sqlite3.connect(harness.folder / "filmgate.sqlite", isolation_level=None)) as connection:
                connection.execute("DELETE FROM asset WHERE key = ?", (doomed.key,))
            (harness.folder / "files" / "kept" / doomed.key).unlink()
        copies.append(1)

    made = backup.take(harness.folder, tmp_path / "copy", now=2e6, version="1", copied=lose)
    assert len(copies) == 2
    assert [name for name in made.files if name.startswith("files/")] == [f"files/kept/{film.key}"]


async def test_damage_is_seen(harness: House, tmp_path: Path) -> None:
    """A file that lost a byte, that is missing, that is not what its row says, or half a copy: nothing comes back."""
    film = await _complete(harness, await harness.accept())
    _take(harness, tmp_path / "copy")
    copied = tmp_path / "copy" / "files" / "kept" / film.key
    copied.unlink()
    with pytest.raises(IntegrityError, match="missing"):
        backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6)
    copied.write_bytes(b"fulm")
    with pytest.raises(IntegrityError, match="other bytes"):
        backup.restore(tmp_path / "copy", tmp_path / "back", now=3e6)
    assert not (tmp_path / "back").exists()
    (tmp_path / "copy" / "manifest.json").unlink()
    with pytest.raises(SettingsError, match="no whole backup"):
        backup.verify(tmp_path / "copy")
    (harness.folder / "files" / "kept" / film.key).write_bytes(b"other")
    with pytest.raises(IntegrityError, match="its row"):
        _take(harness, tmp_path / "again")


async def test_folders_in_use_are_left_alone(harness: House, tmp_path: Path) -> None:
    """Neither a copy nor a restored folder is ever laid over something; a folder without rows is nothing to copy."""
    _take(harness, tmp_path / "copy")
    with pytest.raises(SettingsError, match="not empty"):
        _take(harness, tmp_path / "copy")
    with pytest.raises(SettingsError, match="not empty"):
        backup.restore(tmp_path / "copy", harness.folder, now=3e6)
    with pytest.raises(SettingsError, match="nothing to back up"):
        backup.take(tmp_path / "none", tmp_path / "other", now=2e6, version="1")


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
async def test_paid_engines_are_not_asked_again(
    harness: House, tmp_path: Path, can: Capabilities, code: str, stage: str
) -> None:
    """What may have been submitted after the backup ends in doubt, its money back; a local engine simply makes it."""
    video = await harness.accept()
    if stage == "submitting":
        assert await harness.store.videos.intend(video.id, "token", harness.time())
    _take(harness, tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "back", now=harness.time())
    async with House.open(tmp_path / "back") as back:
        engine = ScriptedEngine(can, looks=[Verdict(state=State.FAILED)])
        await back.drive(engine)(video.id)
        ended = await back.reread(video)
        assert ended.error is not None
        assert (ended.error.code, len(engine.submitted)) == (code, 0 if can.paid else 1)
        assert await back.store.ledger.audit() == []


async def test_a_free_engines_video_goes_to_no_paid_one(harness: House, tmp_path: Path) -> None:
    """After the backup it may have gone on to the route's paid engine: nobody sends it there again."""
    route = Route(legs=(Leg("scripted"), Leg("paid")))
    video = await harness.accept()
    _take(harness, tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "back", now=harness.time())
    async with House.open(tmp_path / "back") as back:
        free, paid = ScriptedEngine(_can(), submits=[EngineUnavailable()]), ScriptedEngine(_can(paid=True), name="paid")
        ended = await back.finish(free, video, paid, route=route)
        assert ended.error is not None
        assert (ended.error.code, ended.engine, paid.submitted) == ("engine_unavailable", "scripted", [])
