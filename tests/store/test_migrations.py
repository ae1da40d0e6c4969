"""The migrations lead to the tables that the code uses."""

from __future__ import annotations

import importlib
import re
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from filmgate.store import Store, migrations
from filmgate.store.schema import metadata
from filmgate.video import TRANSITIONS


def _objects(path: Path) -> dict[str, list[str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'")
        found = {name: _parts(sql) for name, sql in rows if name not in {"alembic_version", "sqlite_sequence"}}
    connection.close()
    return found


def _parts(sql: str) -> list[str]:
    # A column that a migration adds stands behind the constraints; its place means nothing.
    head, _, body = " ".join(sql.split()).partition("(")
    return [head, *sorted(part.strip() for part in re.split(r",(?![^(]*\))", body.rpartition(")")[0]))]


async def test_migrated_schema_equals_the_metadata(store: Store, tmp_path: Path) -> None:
    """Tables, CHECKs and indexes made by the migrations are those of the schema module, save for the columns' order."""
    fresh = tmp_path / "fresh.sqlite"
    engine = sa.create_engine(f"sqlite:///{fresh}")
    metadata.create_all(engine)
    engine.dispose()
    assert _objects(store._database.path) == _objects(fresh)


def test_head_is_the_newest_script() -> None:
    """The revision that opening compares with is the last one there is."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_current_head() == migrations.HEAD


def test_the_triggers_know_todays_moves() -> None:
    """The newest frozen copy of the transitions is the table of the video module."""
    frozen = importlib.import_module("filmgate.store.migrations.versions.0001_first_tables").TRANSITIONS
    assert {before: set(after) for before, after in frozen.items()} == {
        str(before): {str(status) for status in after} for before, after in TRANSITIONS.items()
    }
