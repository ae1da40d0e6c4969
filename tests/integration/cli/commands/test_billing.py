"""Operator commands: accounts, keys with limits, usage, the ledger, replays."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.cli.environment import Environment
from filmgate.cli.main import run
from filmgate.cli.units import format_units
from filmgate.domain import NewVideo, Recipe, Size, VideoError, new_id
from filmgate.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0


class Ran:
    """How a command ran."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        """The JSON result."""
        return json.loads(self.out)


Cli = Callable[..., Ran]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return a function that runs a command on a data folder."""

    def call(*arguments: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        env = Environment(stdin=io.StringIO(), stdout=out, stderr=err, environ={}, clock=lambda: NOW)
        code = run([*arguments, "--data", str(tmp_path)], env)
        return Ran(code, out.getvalue(), err.getvalue())

    return call


def _failed_video(folder: Path, account_id: str) -> str:
    """Create a failed video and return the id of its event."""

    async def make() -> str:
        store = Store.open(folder / "filmgate.sqlite")
        recipe = Recipe(prompt="p", size=Size(64, 64), seconds=4, seed=1)
        new = NewVideo(
            id=new_id(), account_id=account_id, model="sora-2", engine="e", recipe=recipe, price_micros=500_000
        )
        await store.videos.create(new, NOW)
        await store.videos.fail(new.id, VideoError("x", "x"), NOW)
        [event] = await store.outbox.pending()
        await store.close()
        return event.id

    return asyncio.run(make())


def test_an_account_is_created_credited_and_gets_a_key(cli: Cli) -> None:
    """With a balance and limits."""
    account = cli("accounts", "create", "--name", "bob", "--balance", "12.5", "--format", "json").json[0]
    assert (account["name"], account["balance_micros"]) == ("bob", 12_500_000)
    assert cli("accounts", "grant", account["id"], "0.000001").out.split("\t") == [account["id"], "bob", "12.500001\n"]
    assert cli("accounts", "list", "-q").out == f"{account['id']}\n"
    limits = ["--requests-per-minute", "5", "--running", "2", "--models", "sora-2,sora-2-pro", "--expires", "30d"]
    assert cli("keys", "create", "--account", account["id"], *limits, "-q").out.startswith("fg-")
    assert cli("usage", "--format", "json").json["usage"]["balance_micros"] == 12_500_001


def test_the_limits_of_a_key_are_stored(cli: Cli, tmp_path: Path) -> None:
    """They stand in the key's row."""
    limits = ["--requests-per-minute", "5", "--running", "2", "--models", "sora-2", "--expires", "12h"]
    assert cli("keys", "create", *limits).code == 0

    async def read() -> Any:
        store = Store.open(tmp_path / "filmgate.sqlite")
        [key] = await store.accounts.list_keys()
        await store.close()
        return key

    key = asyncio.run(read())
    assert (key.requests_per_minute, key.running_limit, key.models) == (5, 2, ("sora-2",))
    assert key.expires_at == NOW + 12 * 3600


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["accounts", "create", "--balance", "1.0000001"], 2),
        (["accounts", "create", "--balance", "much"], 2),
        (["accounts", "create", "--balance", "NaN"], 2),
        (["keys", "create", "--expires", "soon"], 2),
        (["keys", "create", "--models", "sora-9"], 6),
        (["keys", "create", "--account", "acct_unknown"], 3),
        (["accounts", "grant", "acct_unknown", "5"], 3),
        (["usage", "--account", "acct_unknown"], 3),
        (["webhooks", "replay", "evt_unknown"], 3),
    ],
)
def test_invalid_arguments_are_refused(cli: Cli, arguments: list[str], code: int) -> None:
    """With their exit code and an error message."""
    ran = cli(*arguments)
    assert ran.code == code
    assert ran.err


def test_the_ledger_is_verified(cli: Cli, tmp_path: Path) -> None:
    """A consistent ledger passes; a failed balance is reported with exit code 12."""
    account_id = cli("accounts", "create", "--balance", "2", "-q").out.strip()
    _failed_video(tmp_path, account_id)
    assert cli("ledger", "verify").code == 0
    with sqlite3.connect(tmp_path / "filmgate.sqlite") as connection:
        connection.execute("UPDATE account SET balance_micros = 7")
    connection.close()
    failed = cli("ledger", "verify", "--format", "json")
    assert (failed.code, failed.json["ok"]) == (12, False)
    assert account_id in failed.json["faults"][0]


def test_an_event_is_resent(cli: Cli, tmp_path: Path) -> None:
    """The result has the number of endpoints."""
    account_id = cli("accounts", "create", "-q").out.strip()
    event_id = _failed_video(tmp_path, account_id)
    assert cli("webhooks", "replay", event_id, "--format", "json").json == {"id": event_id, "receivers": 0}


@pytest.mark.parametrize(
    ("micros", "text"), [(None, "∞"), (0, "0"), (1, "0.000001"), (10_000_000, "10"), (-500_000, "-0.5")]
)
def test_amounts_are_formatted(micros: int | None, text: str) -> None:
    """Without superfluous zeros, and never rounded."""
    assert format_units(micros) == text
