"""Operator commands, beside a running server or without one."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from filmgate.domain import VideoError
from filmgate.ops.data_lock import acquire
from filmgate.store import Store
from filmgate.testing.harness import FlowHarness

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Cli, Ran


class AdminCli:
    """Runs commands on one data folder."""

    def __init__(self, cli: Cli, folder: Path) -> None:
        self._cli = cli
        self.folder = folder
        self.unresolved, self.waiting = asyncio.run(_fill(folder))

    def __call__(self, *arguments: str, **environ: str) -> Ran:
        """Run a command."""
        return self._cli(*arguments, FILMGATE_DATA=str(self.folder), **environ)

    def json(self, *arguments: str) -> object:
        """Run a command and return its JSON result."""
        ran = self(*arguments, "--format", "json")
        assert ran.code == 0, ran
        return json.loads(ran.out)


async def _fill(folder: Path) -> tuple[str, str]:
    async with FlowHarness.open(folder) as harness:
        unresolved, waiting = await harness.accept(), await harness.accept()
        await harness.store.videos.record_intent(unresolved.id, "token", harness.clock())
        await harness.store.videos.fail(
            unresolved.id, VideoError("submission_unknown", "The response was lost."), harness.clock()
        )
        await harness.store.accounts.create_key(harness.account.id, "old", requests_per_minute=7, models=["sora-2"])
        return unresolved.id, waiting.id


@pytest.fixture
def admin_cli(cli: Cli, tmp_path: Path) -> AdminCli:
    """Return a CLI on a folder with an unresolved video and one that no worker drives."""
    return AdminCli(cli, tmp_path)


def _ids(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return ran.out.split()


def test_jobs_are_filtered(admin_cli: AdminCli) -> None:
    """By unknown outcome, stuck, status, engine and account; newest first."""
    both = [admin_cli.waiting, admin_cli.unresolved]
    assert _ids(admin_cli("jobs", "list", "-q")) == both
    assert _ids(admin_cli("jobs", "list", "-q", "--unresolved")) == [admin_cli.unresolved]
    assert _ids(admin_cli("jobs", "list", "-q", "--stuck")) == [admin_cli.waiting]
    assert _ids(admin_cli("jobs", "list", "-q", "--for", "36500d")) == []
    assert _ids(admin_cli("jobs", "list", "-q", "--status", "failed")) == [admin_cli.unresolved]
    assert _ids(admin_cli("jobs", "list", "-q", "--engine", "scripted", "--limit", "1")) == [admin_cli.waiting]
    assert _ids(admin_cli("jobs", "list", "-q", "--account", "acct_unknown")) == []
    assert "submission_unknown" in admin_cli("jobs", "list").out
    assert "No matching videos." in admin_cli("jobs", "list", "--engine", "none").err


def test_a_job_is_shown_with_all_its_records(admin_cli: AdminCli) -> None:
    """Row, history, ledger and submissions, never the prompt; exit code 3 for an unknown id."""
    details = admin_cli.json("jobs", "inspect", admin_cli.unresolved)
    assert isinstance(details, dict)
    assert (details["status"], details["engine"], details["resolution"]) == ("failed", "scripted", None)
    assert [step["stage"] for step in details["history"]] == ["accepted", "submitting", "done"]
    assert [entry["kind"] for entry in details["ledger"]] == ["hold", "release"]
    shown = admin_cli("jobs", "inspect", admin_cli.unresolved)
    assert "submission_unknown: The response was lost." in shown.out
    assert "paper boat" not in shown.out + str(details)
    assert admin_cli("jobs", "inspect", "video_unknown").code == 3


def test_an_unknown_outcome_is_resolved(admin_cli: AdminCli) -> None:
    """The video leaves the list, the last outcome counts, no money moves; other videos cannot be resolved."""
    for outcome in ("lost", "refunded"):
        ran = admin_cli(
            "jobs", "resolve", admin_cli.unresolved, "--as", outcome, "--note", f"{outcome}, says their invoice"
        )
        assert ran.code == 0
    assert _ids(admin_cli("jobs", "list", "-q", "--unresolved")) == []
    details = admin_cli.json("jobs", "inspect", admin_cli.unresolved)
    assert isinstance(details, dict)
    assert details["resolution"]["note"] == "refunded, says their invoice"
    assert admin_cli("ledger", "verify").code == 0
    assert admin_cli("jobs", "resolve", admin_cli.waiting, "--as", "made", "--note", "no").code == 6
    assert admin_cli("jobs", "resolve", admin_cli.unresolved, "--as", "made").code == 2


def test_a_key_is_rotated(admin_cli: AdminCli) -> None:
    """The new key has the old one's limits; the old one is valid for the grace period, and the list shows it."""
    listed = admin_cli.json("keys", "list")
    assert isinstance(listed, list)
    (old,) = listed
    assert old["limits"] == {"requests_per_minute": 7, "models": "sora-2"}
    new_secret = admin_cli("keys", "rotate", old["id"], "--grace", "1h", "-q").out.strip()
    listed = admin_cli.json("keys", "list")
    assert isinstance(listed, list)
    assert [bool(key["expires"]) for key in listed] == [True, False]
    assert listed[1]["limits"] == old["limits"]
    assert asyncio.run(_authenticates(admin_cli.folder, new_secret))
    assert admin_cli("keys", "rotate", listed[1]["id"]).code == 0
    assert not asyncio.run(_authenticates(admin_cli.folder, new_secret))
    assert admin_cli("keys", "rotate", listed[1]["id"]).code == 3
    assert "7/min" in admin_cli("keys", "list").out


async def _authenticates(folder: Path, secret: str) -> bool:
    store = Store.open(folder / "filmgate.sqlite")
    try:
        return await store.accounts.authenticate(secret) is not None
    finally:
        await store.close()


def test_a_backup_is_restored(admin_cli: AdminCli, tmp_path: Path) -> None:
    """A backup lists its content; unfinished paid work gets an unknown outcome; neither command overwrites anything."""
    copy, restored = tmp_path.with_name("copy"), tmp_path.with_name("restored")
    manifest = admin_cli.json("backup", str(copy))
    assert isinstance(manifest, dict)
    assert manifest["rows"]["video"] == 2
    assert admin_cli("backup", str(copy)).code == 2
    ran = admin_cli("restore", str(copy), "--data", str(restored))
    assert (ran.code, ran.out) == (0, f"{restored}\n")
    assert "1 of them were unfinished" in ran.err
    assert admin_cli("restore", str(copy)).code == 2
    (copy / "filmgate.sqlite").write_bytes(b"")
    assert admin_cli("restore", str(copy), "--data", str(tmp_path / "third")).code == 12


def test_orphaned_files_are_deleted(admin_cli: AdminCli) -> None:
    """Files that no row names are counted, then deleted; a new file stays, a row may name it soon."""
    references = admin_cli.folder / "files" / "kept" / "references"
    references.mkdir(parents=True)
    for name, age in (("old.png", 7200), ("new.png", 0)):
        (references / name).write_bytes(b"x")
        mtime = (references / name).stat().st_mtime - age
        os.utime(references / name, (mtime, mtime))
    assert admin_cli.json("gc", "--dry-run") == {"expired": 0, "orphans": 1, "staged": 0, "dry_run": True}
    assert {path.name for path in references.iterdir()} == {"new.png", "old.png"}
    assert "1 that no row names" in admin_cli("gc").out
    assert [path.name for path in references.iterdir()] == ["new.png"]


def test_damaged_files_are_named(admin_cli: AdminCli) -> None:
    """Exit code 12 if there are any."""
    assert admin_cli("gc", "--verify").code == 0
    assert admin_cli.json("gc", "--verify") == {
        "expired": 0,
        "orphans": 0,
        "staged": 0,
        "dry_run": False,
        "damaged": [],
    }
    with sqlite3.connect(admin_cli.folder / "filmgate.sqlite") as rows:
        rows.execute(
            "INSERT INTO asset SELECT id, 'video', 'videos/x.mp4', 'video/mp4', 9, 'x', 1280, 720 FROM video LIMIT 1"
        )
    rows.close()
    ran = admin_cli("gc", "--verify")
    assert (ran.code, ran.out.splitlines()[1:]) == (12, ["files/kept/videos/x.mp4 is gone"])


def test_the_database_is_migrated(admin_cli: AdminCli) -> None:
    """A folder that a server has locked is refused."""
    assert admin_cli("migrate").code == 0
    lock = acquire(admin_cli.folder, "server", exclusive=True)
    try:
        assert admin_cli("migrate").code == 2
    finally:
        lock.release()
