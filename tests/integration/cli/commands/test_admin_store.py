"""What the operator types, beside a running server or without one."""

from __future__ import annotations

import asyncio
import json
import os
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
    """Commands on one folder."""

    def __init__(self, cli: Cli, folder: Path) -> None:
        self._cli = cli
        self.folder = folder
        self.doubtful, self.waiting = asyncio.run(_fill(folder))

    def __call__(self, *arguments: str, **environ: str) -> Ran:
        """Run one."""
        return self._cli(*arguments, FILMGATE_DATA=str(self.folder), **environ)

    def json(self, *arguments: str) -> object:
        """What it says to programs."""
        ran = self(*arguments, "--format", "json")
        assert ran.code == 0, ran
        return json.loads(ran.out)


async def _fill(folder: Path) -> tuple[str, str]:
    async with FlowHarness.open(folder) as house:
        doubtful, waiting = await house.accept(), await house.accept()
        await house.store.videos.record_intent(doubtful.id, "token", house.clock())
        await house.store.videos.fail(doubtful.id, VideoError("submission_unknown", "Nobody knows."), house.clock())
        await house.store.accounts.create_key(house.account.id, "old", requests_per_minute=7, models=["sora-2"])
        return doubtful.id, waiting.id


@pytest.fixture
def admin_cli(cli: Cli, tmp_path: Path) -> AdminCli:
    """A folder with a video in doubt and one that nobody works on."""
    return AdminCli(cli, tmp_path)


def _ids(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return ran.out.split()


def test_jobs_are_chosen(admin_cli: AdminCli) -> None:
    """By what is in doubt, what is stuck, status, engine and account; newest first."""
    both = [admin_cli.waiting, admin_cli.doubtful]
    assert _ids(admin_cli("jobs", "list", "-q")) == both
    assert _ids(admin_cli("jobs", "list", "-q", "--unresolved")) == [admin_cli.doubtful]
    assert _ids(admin_cli("jobs", "list", "-q", "--stuck")) == [admin_cli.waiting]
    assert _ids(admin_cli("jobs", "list", "-q", "--for", "36500d")) == []
    assert _ids(admin_cli("jobs", "list", "-q", "--status", "failed")) == [admin_cli.doubtful]
    assert _ids(admin_cli("jobs", "list", "-q", "--engine", "scripted", "--limit", "1")) == [admin_cli.waiting]
    assert _ids(admin_cli("jobs", "list", "-q", "--account", "nobody")) == []
    assert "submission_unknown" in admin_cli("jobs", "list").out
    assert "There are none." in admin_cli("jobs", "list", "--engine", "none").err


def test_a_job_is_told_whole(admin_cli: AdminCli) -> None:
    """Row, history, ledger and submissions; never the prompt; one that does not exist ends with 3."""
    told = admin_cli.json("jobs", "inspect", admin_cli.doubtful)
    assert isinstance(told, dict)
    assert (told["status"], told["engine"], told["resolution"]) == ("failed", "scripted", None)
    assert [step["stage"] for step in told["history"]] == ["accepted", "submitting", "done"]
    assert [entry["kind"] for entry in told["ledger"]] == ["hold", "release"]
    shown = admin_cli("jobs", "inspect", admin_cli.doubtful)
    assert "submission_unknown: Nobody knows." in shown.out
    assert "paper boat" not in shown.out + str(told)
    assert admin_cli("jobs", "inspect", "video_of_nobody").code == 3


def test_a_doubt_is_resolved(admin_cli: AdminCli) -> None:
    """With a word and a reason it leaves the list, the last word counts, and no money moves; others have no doubt."""
    for outcome in ("lost", "refunded"):
        ran = admin_cli(
            "jobs", "resolve", admin_cli.doubtful, "--as", outcome, "--note", f"{outcome}, says their invoice"
        )
        assert ran.code == 0
    assert _ids(admin_cli("jobs", "list", "-q", "--unresolved")) == []
    told = admin_cli.json("jobs", "inspect", admin_cli.doubtful)
    assert isinstance(told, dict)
    assert told["resolution"]["note"] == "refunded, says their invoice"
    assert admin_cli("ledger", "verify").code == 0
    assert admin_cli("jobs", "resolve", admin_cli.waiting, "--as", "made", "--note", "no").code == 6
    assert admin_cli("jobs", "resolve", admin_cli.doubtful, "--as", "made").code == 2


def test_keys_are_replaced(admin_cli: AdminCli) -> None:
    """The new key has the old one's limits; the old one lives as long as it was granted, and its list says so."""
    listed = admin_cli.json("keys", "list")
    assert isinstance(listed, list)
    (old,) = listed
    assert old["limits"] == {"requests_per_minute": 7, "models": "sora-2"}
    fresh = admin_cli("keys", "rotate", old["id"], "--grace", "1h", "-q").out.strip()
    listed = admin_cli.json("keys", "list")
    assert isinstance(listed, list)
    assert [bool(key["expires"]) for key in listed] == [True, False]
    assert listed[1]["limits"] == old["limits"]
    assert asyncio.run(_opens(admin_cli.folder, fresh))
    assert admin_cli("keys", "rotate", listed[1]["id"]).code == 0
    assert not asyncio.run(_opens(admin_cli.folder, fresh))
    assert admin_cli("keys", "rotate", listed[1]["id"]).code == 3
    assert "7/min" in admin_cli("keys", "list").out


async def _opens(folder: Path, secret: str) -> bool:
    store = Store.open(folder / "filmgate.sqlite")
    try:
        return await store.accounts.authenticate(secret) is not None
    finally:
        await store.close()


def test_there_and_back(admin_cli: AdminCli, tmp_path: Path) -> None:
    """A backup names what is in it; restored, paid work is in doubt; neither lays itself over anything."""
    copy, back = tmp_path.with_name("copy"), tmp_path.with_name("back")
    made = admin_cli.json("backup", str(copy))
    assert isinstance(made, dict)
    assert made["rows"]["video"] == 2
    assert admin_cli("backup", str(copy)).code == 2
    ran = admin_cli("restore", str(copy), "--data", str(back))
    assert (ran.code, ran.out) == (0, f"{back}\n")
    assert "1 of them were unfinished" in ran.err
    assert admin_cli("restore", str(copy)).code == 2
    (copy / "filmgate.sqlite").write_bytes(b"")
    assert admin_cli("restore", str(copy), "--data", str(tmp_path / "third")).code == 12


def test_useless_files_go(admin_cli: AdminCli) -> None:
    """What no row names is counted, then removed; what was written just now stays, it may be named soon."""
    kept = admin_cli.folder / "files" / "kept" / "references"
    kept.mkdir(parents=True)
    for name, age in (("old.png", 7200), ("new.png", 0)):
        (kept / name).write_bytes(b"x")
        then = (kept / name).stat().st_mtime - age
        os.utime(kept / name, (then, then))
    assert admin_cli.json("gc", "--dry-run") == {"expired": 0, "orphans": 1, "staged": 0, "dry_run": True}
    assert {path.name for path in kept.iterdir()} == {"new.png", "old.png"}
    assert "1 that no row names" in admin_cli("gc").out
    assert [path.name for path in kept.iterdir()] == ["new.png"]


def test_rows_are_brought_up_to_date(admin_cli: AdminCli) -> None:
    """The revision is said; a folder that a server holds is refused."""
    assert admin_cli("migrate").code == 0
    held = acquire(admin_cli.folder, "server", exclusive=True)
    try:
        assert admin_cli("migrate").code == 2
    finally:
        held.release()
