"""The migrations create the tables that the code uses."""

from __future__ import annotations

import importlib
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from filmgate.domain import TRANSITIONS, VideoError
from filmgate.store import RateLimitStatus, Store, migrations
from filmgate.store.database import APPLICATION_ID
from filmgate.store.schema import metadata
from filmgate.testing.harness import PRICE, FlowHarness


def _objects(path: Path) -> dict[str, list[str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'")
        objects = {name: _parts(sql) for name, sql in rows if name not in {"alembic_version", "sqlite_sequence"}}
    connection.close()
    return objects


def _parts(sql: str) -> list[str]:
    # A column that a migration adds comes after the constraints; its position is irrelevant.
    head, _, body = " ".join(sql.split()).partition("(")
    return [head, *sorted(part.strip() for part in re.split(r",(?![^(]*\))", body.rpartition(")")[0]))]


async def test_migrated_schema_equals_the_metadata(store: Store, tmp_path: Path) -> None:
    """Tables, CHECKs and indexes created by the migrations equal the schema module, except for the columns' order."""
    reference = tmp_path / "fresh.sqlite"
    engine = sa.create_engine(f"sqlite:///{reference}")
    metadata.create_all(engine)
    engine.dispose()
    assert _objects(store._database.path) == _objects(reference)


def test_the_snapshot_equals_the_migrations(tmp_path: Path) -> None:
    """A new file is created from it; ``python -m filmgate.store.migrations`` rewrites it."""
    path = tmp_path / "migrated.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrations.upgrade(connection)
    engine.dispose()
    with closing(sqlite3.connect(path)) as migrated:
        assert migrations.SNAPSHOT.read_text(encoding="utf-8") == migrations.snapshot(migrated)
        Store.open(tmp_path / "made.sqlite")._database.close()
        with closing(sqlite3.connect(tmp_path / "made.sqlite")) as created:
            assert sorted(created.iterdump()) == sorted(migrated.iterdump())


def test_head_is_the_newest_script() -> None:
    """The revision that opening compares with is the latest one."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_the_triggers_hold_the_current_transitions() -> None:
    """The newest frozen copy of the transitions equals the table of the domain module."""
    frozen = importlib.import_module("filmgate.store.migrations.versions.0001_first_tables").TRANSITIONS
    assert {before: set(after) for before, after in frozen.items()} == {
        str(before): {str(status) for status in after} for before, after in TRANSITIONS.items()
    }


async def test_the_totals_are_filled_from_the_rows(tmp_path: Path) -> None:
    """What the migration sums up is what is kept from then on."""
    async with FlowHarness.open(tmp_path) as harness:
        videos = [await harness.accept() for _ in range(4)]
        for video in videos[:2]:
            await harness.store.videos.record_intent(video.id, "token", harness.clock())
            await harness.store.videos.record_ticket(video.id, "token", f"ticket {video.id}", harness.clock())
            await harness.store.videos.start_fetching(video.id, harness.clock())
            await harness.store.videos.complete(video.id, [], {}, harness.clock(), None)
            harness.clock.now += 86_400
        await harness.store.videos.fail(videos[2].id, VideoError("engine_error", "…"), harness.clock())
        fill = importlib.import_module("filmgate.store.migrations.versions.0006_totals")._FILL
        with closing(sqlite3.connect(tmp_path / "filmgate.sqlite", isolation_level=None)) as bare:
            kept = [bare.execute(query).fetchall() for query in TOTALS]
            bare.execute("UPDATE account SET held_micros = 0, captured_micros = 0")
            bare.execute("DELETE FROM usage_day")
            for statement in fill:
                bare.execute(statement)
            assert [bare.execute(query).fetchall() for query in TOTALS] == kept
        assert (len(kept[0]), kept[1]) == (2, [(PRICE, 2 * PRICE)])
        assert await harness.store.ledger.audit() == []


TOTALS = ("SELECT * FROM usage_day ORDER BY day", "SELECT held_micros, captured_micros FROM account")


async def test_a_database_of_the_first_revision_is_migrated(tmp_path: Path) -> None:
    """Its rows remain, and later features work on it."""
    path = tmp_path / "old.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "filmgate.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO account VALUES ('acct_old', 'old', 7, 1.0)")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    engine.dispose()
    store = Store.open(path)
    key, _ = await store.accounts.create_key("acct_old", "k", requests_per_minute=3)
    assert await store.videos.rate_limit_status(key.id, 1.0) == RateLimitStatus(3, 3, 0.0)
    assert await store.webhooks.list_for("acct_old") == []
    assert (await store.ledger.usage("acct_old", 0)).balance_micros == 7
    await store.close()
