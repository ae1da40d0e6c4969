"""What changes under running videos: the program that made the folder, and the configuration."""

from __future__ import annotations

import hashlib
import random
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from msgspec import Struct
from reliability.clients import single_client
from reliability.processes import Zygote
from reliability.testbed import Server, open_testbed
from reliability.upstreams import engine_table, model_table
from tests.support.polling import until_async

from filmgate.store.database import APPLICATION_ID
from filmgate.testing import mock
from filmgate.testing.checker import DatabaseSnapshot, read_files, read_rows, violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = [pytest.mark.timeout(300)]

FILM = b"a film of before" * 100
SECRET = "fg-of-before-0123456789abcdefghijklmnopqrstuvwxyz"
PRICE, GRANT = 100, 100_000
ONE = {"model": ("sora-2",), "seconds": ("1",)}
RECIPE = '{"size":{"width":64,"height":64},"seconds":1,"seed":7,"fit":"error","reference":null}'


class Old(Struct, frozen=True):
    """A video as an old program left it."""

    stage: str
    status: str
    engine: str = "testcard"
    cancel: bool = False
    deleted: bool = False

    @property
    def prompt(self) -> str:
        """One of a kind."""
        return " ".join(map(str, (self.engine, self.stage, self.status, self.cancel, self.deleted)))


def _every() -> Iterator[Old]:
    """Every stage with every status that it can have, at an engine that costs nothing and at one that does."""
    for name in ("testcard", "openai"):
        for stage in ("accepted", "submitting", "watching"):
            yield from (
                Old(stage, status, name, cancel) for status in ("queued", "in_progress") for cancel in (False, True)
            )
        yield from (Old("fetching", "in_progress", name, cancel) for cancel in (False, True))
        yield from (
            Old("done", status, name, deleted=gone) for status in ("completed", "failed") for gone in (False, True)
        )


class Folder:
    """A data folder as migration ``revision`` made it."""

    def __init__(self, data: Path, revision: str) -> None:
        self.data = data
        sql = sa.create_engine(f"sqlite:///{data / 'filmgate.sqlite'}")
        with sql.begin() as connection:
            config = Config()
            config.set_main_option("script_location", "filmgate.store:migrations")
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        sql.dispose()

    def fill(self, tickets: Mapping[str, str]) -> dict[str, Old]:
        """An account, its key, and every kind of video; by id."""
        made = {f"video_{number:032x}": old for number, old in enumerate(_every())}
        with closing(sqlite3.connect(self.data / "filmgate.sqlite")) as rows:
            add = Add(rows)
            add("account", id="acct_old", name="old", balance_micros=GRANT, created_at=1.0)
            digest = hashlib.sha256(SECRET.encode()).hexdigest()
            add("api_key", id="k", account_id="acct_old", name="k", prefix=SECRET[:8], sha256=digest, created_at=1.0)
            _book(add, None, "grant", GRANT)
            for video_id, old in made.items():
                self._add(add, video_id, old, tickets.get(old.prompt, f"ticket-{video_id}"))
            rows.execute("UPDATE account SET balance_micros = (SELECT sum(amount_micros) FROM ledger_entry)")
            rows.commit()
        return made

    def _add(self, add: Add, video_id: str, old: Old, ticket: str) -> None:
        then, done = time.time() - 7200, old.stage == "done"
        completed, failed = old.status == "completed", old.status == "failed"
        asked = old.stage in {"submitting", "watching", "fetching"}
        add(
            "video",
            id=video_id,
            account_id="acct_old",
            model="sora-2" if old.engine == "testcard" else "sora-2-pro",
            engine=old.engine,
            seconds=1,
            recipe=RECIPE,
            prompt=None if old.deleted else old.prompt,
            metadata="{}",
            notes="{}",
            price_micros=PRICE,
            status=old.status,
            stage=old.stage,
            progress=100 if completed else 0,
            version=1,
            created_at=then,
            updated_at=then,
            started_at=None if old.status == "queued" else then,
            completed_at=then if completed else None,
            error_code="engine_error" if failed else None,
            error_message="It broke." if failed else None,
            ticket=ticket if old.stage in {"watching", "fetching"} else None,
            submit_token=f"token-{video_id}" if asked else None,
            submit_at=then if asked else None,
            attempts=int(old.stage != "accepted"),
            epoch=0,
            cancel_requested=int(old.cancel),
            deleted_at=then if old.deleted else None,
            fingerprint=video_id,
        )
        _book(add, video_id, "hold", -PRICE)
        if done:
            _book(add, video_id, "capture" if completed else "release", 0 if completed else PRICE)
            event = {"id": f"evt_{video_id}", "type": f"video.{old.status}", "video_id": video_id}
            add("outbox", account_id="acct_old", created_at=then, **event)
        if completed and not old.deleted:
            self._keep(add, video_id)

    def _keep(self, add: Add, video_id: str) -> None:
        key = f"videos/00/{video_id}-0.mp4"
        path = self.data / "files" / "kept" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FILM)
        shape = {"media_type": "video/mp4", "width": 64, "height": 64}
        digest = hashlib.sha256(FILM).hexdigest()
        add("asset", video_id=video_id, kind="video", key=key, bytes=len(FILM), sha256=digest, **shape)


class Add:
    """Inserts a row."""

    def __init__(self, rows: sqlite3.Connection) -> None:
        self._rows = rows

    def __call__(self, table: str, **values: object) -> None:
        """Insert."""
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self._rows.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608 - names of this file


def _book(add: Add, video_id: str | None, kind: str, amount: int) -> None:
    add("ledger_entry", account_id="acct_old", video_id=video_id, kind=kind, amount_micros=amount, created_at=1.0)


async def _submit(url: str) -> dict[str, str]:
    """What the old program had submitted to the upstream that costs money: the tickets by prompt."""
    wanted = [old for old in _every() if old.engine == "openai" and old.stage in {"submitting", "watching", "fetching"}]
    async with httpx2.AsyncClient(base_url=url) as http:
        fields = {"model": "sora-2-pro", "size": "64x64", "seconds": "1"}
        return {
            old.prompt: (await http.post("/videos", json=fields | {"prompt": old.prompt})).json()["id"]
            for old in wanted
        }


async def _all_end(server: Server) -> DatabaseSnapshot:
    def unfinished() -> list[object]:
        rows = read_rows(server.data / "filmgate.sqlite").videos
        return [row for row in rows if row.status not in {"completed", "failed"}]

    await until_async(lambda: not unfinished(), unfinished)
    return read_rows(server.data / "filmgate.sqlite")


@pytest.mark.parametrize("revision", ["0001", "0003"])
async def test_every_video_of_an_old_folder_ends_right(tmp_path: Path, revision: str) -> None:
    """Whatever stage and status it was in when the program was replaced; paid work is not bought twice."""
    async with mock.running(mock.MockConfig(any_size=True, max_running=0, creates_per_minute=0)) as upstream:
        tickets = await _submit(upstream.base_url)
        table = (
            engine_table("openai", upstream.base_url, timeout=30)
            + model_table("sora-2", "testcard")
            + model_table("sora-2-pro", "openai")
        )
        server = Server(tmp_path, table, environ={"UPSTREAM_KEY": "none is asked for"})
        made = Folder(server.data, revision).fill(tickets)
        try:
            server.start()
            await server.wait_until_ready()
            await _all_end(server)
            kept = next(video for video, old in made.items() if old == Old("done", "completed"))
            async with httpx2.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {SECRET}"}) as http:
                assert (await http.get(f"/v1/videos/{kept}/content")).content == FILM
                assert len((await http.get("/v1/videos?limit=100")).json()["data"]) == sum(
                    not old.deleted for old in made.values()
                )
            assert server.stop_with(signal.SIGTERM) == 0
        finally:
            server.close()
        rows, files = read_rows(server.data / "filmgate.sqlite"), read_files(server.data / "files" / "kept")
        counted = mock.submissions(upstream.lines)
        assert violations([], rows, files, submissions=counted) == []
    ended = {row.id: row.status for row in rows.videos}
    assert {old.prompt: ended[video] for video, old in made.items()} == {old.prompt: _end_of(old) for old in _every()}


def _end_of(old: Old) -> str:
    if old.stage == "done":
        return old.status
    # Whether it was submitted nobody knows, and buying it again is worse than not having it.
    in_doubt = old.stage == "submitting" and old.engine == "openai"
    return "failed" if old.cancel or in_doubt else "completed"


async def test_videos_stay_with_the_upstream_and_key_they_were_given_to(tmp_path: Path) -> None:
    """Address and key change, then the engine goes: what runs ends where it is, the next goes where it should."""
    slow = mock.MockConfig(any_size=True, max_running=0, creates_per_minute=0, seconds_per_job=(3.0, 4.0))
    keys = {"FIRST": "sk-of-the-first", "SECOND": "sk-of-the-second"}
    first, second = (msgspec.structs.replace(slow, key=key) for key in keys.values())
    dice = random.Random(7)  # noqa: S311 - to be repeatable
    async with mock.running(first) as old, mock.running(second) as new:
        configs = (
            engine_table("openai", old.base_url, "FIRST") + model_table("sora-2", "openai"),
            engine_table("openai", new.base_url, "SECOND") + model_table("sora-2", "openai"),
            model_table("sora-2", "testcard"),
        )
        with Zygote() as fork:
            async with open_testbed(tmp_path, configs[0], dice, fork, environ=keys, secrets=keys) as testbed:
                server, made = testbed.server, list[str]()
                async with single_client(server.url, testbed.tenants[0], ONE) as client:
                    for config in configs:
                        server.configure(config)
                        server.start()
                        await server.wait_until_ready()
                        made += [await client.create() for _ in range(2)]
                        for video in made[-2:]:
                            await client.poll_until(video, statuses=["in_progress", "completed"])
                        assert server.stop_with(signal.SIGTERM) == 0
                    server.start(environ={"FIRST": "", "SECOND": ""})
                    assert [await client.poll_until(video) for video in made] == ["completed"] * 6
                counted = [sum(mock.submissions(each.lines).values()) for each in (old, new)]
                _, wrong = await testbed.check(client.responses, mock.submissions([*old.lines, *new.lines]))
    assert wrong == []
    assert counted == [2, 2]
