"""``filmgate accounts``, ``usage``, ``ledger`` and ``webhooks``: the operator's, in a running server's folder too."""

from __future__ import annotations

import click

from filmgate.cli.command import Command, Group
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import moment, rows
from filmgate.cli.embedded_key import ensure_owner
from filmgate.cli.exit_codes import Exit
from filmgate.cli.texts import Texts
from filmgate.cli.units import Amount, units
from filmgate.store import Account

__all__ = ["commands"]

DAY = 86_400


def commands(text: Texts) -> dict[str, click.Command]:
    """The groups, and ``usage``."""
    account = click.Argument(["account_id"], metavar=text("metavar.id"))
    one = click.Option(["--account", "account_id"], metavar=text("metavar.id"), help=text("books.account"))
    days = click.Option(["--days"], type=click.IntRange(0, 366), default=30, show_default=True, help=text("usage.days"))
    event = click.Argument(["event_id"], metavar=text("metavar.id"))
    verify = Command("verify", text, _verify, key="ledger_verify")
    replay = Command("replay", text, _replay, [event], key="webhooks_replay")
    return {
        "accounts": Group("accounts", text, _account_commands(text, account), "accounts"),
        "usage": Command("usage", text, _usage, [one, days]),
        "ledger": Group("ledger", text, [verify], "ledger"),
        "webhooks": Group("webhooks", text, [replay], "webhooks"),
    }


def _account_commands(text: Texts, account: click.Argument) -> list[click.Command]:
    name = click.Option(["--name"], default="account", show_default=True, help=text("accounts_create.name"))
    balance = click.Option(["--balance"], type=Amount(text), help=text("accounts_create.balance"))
    amount = click.Argument(["amount"], type=Amount(text), metavar=text("metavar.amount"))
    return [
        Command("create", text, _create, [name, balance], key="accounts_create"),
        Command("list", text, _list, key="accounts_list"),
        Command("grant", text, _grant, [account, amount], key="accounts_grant"),
    ]


async def _create(frame: Frame, name: str, balance: int | None) -> None:
    async with opened_store(frame) as store:
        made = await store.accounts.create_account(name, balance)
    rows(frame, ["id", "name", "balance"], [_row(frame, made)])


async def _list(frame: Frame) -> None:
    async with opened_store(frame) as store:
        found = await store.accounts.accounts()
    rows(frame, ["id", "name", "balance", "created"], [_row(frame, account) for account in found])


async def _grant(frame: Frame, account_id: str, amount: int) -> None:
    async with opened_store(frame) as store:
        await store.ledger.grant(account_id, amount, frame.env.clock())
        account = await store.accounts.account(account_id)
    if account is not None:
        rows(frame, ["id", "name", "balance"], [_row(frame, account)])


async def _usage(frame: Frame, account_id: str | None, days: int) -> None:
    async with opened_store(frame) as store:
        whose = account_id or await ensure_owner(store)
        usage = await store.ledger.usage(whose, frame.env.clock() - days * DAY)
    if frame.structured:
        frame.dump({"account": whose, "usage": usage})
        return
    money = {"balance": usage.balance_micros, "held": usage.held_micros, "captured": usage.captured_micros}
    frame.tell("usage.total", id=whose, **{name: units(micros) for name, micros in money.items()})
    found = [
        {
            "id": day.date,
            "date": day.date,
            "model": day.model,
            "videos": day.videos,
            "seconds": day.seconds,
            "captured": units(day.captured_micros),
        }
        for day in usage.days
    ]
    rows(frame, ["date", "model", "videos", "seconds", "captured"], found)


async def _verify(frame: Frame) -> int:
    async with opened_store(frame) as store:
        faults = await store.ledger.audit()
    if frame.structured:
        frame.dump({"ok": not faults, "faults": faults})
    for fault in () if frame.structured else faults:
        frame.put(fault)
    if not faults:
        frame.tell("ledger.sound")
    return Exit.INTEGRITY if faults else Exit.OK


async def _replay(frame: Frame, event_id: str) -> None:
    async with opened_store(frame) as store:
        receivers = await store.webhooks.replay(event_id, frame.env.clock())
    if frame.structured:
        frame.dump({"id": event_id, "receivers": receivers})
    frame.tell("webhooks.replayed", id=event_id, count=receivers)


def _row(frame: Frame, account: Account) -> dict[str, object]:
    created: object = account.created_at if frame.structured else moment(account.created_at)
    row: dict[str, object] = {"id": account.id, "name": account.name, "created": created}
    money: dict[str, object] = (
        {"balance_micros": account.balance_micros} if frame.structured else {"balance": units(account.balance_micros)}
    )
    return row | money
