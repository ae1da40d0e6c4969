"""``filmgate accounts``, ``usage``, ``ledger`` and ``webhooks``: operator commands, also beside a running server."""

from __future__ import annotations

import click

from filmgate.cli.command import Command, CommandGroup
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_time, print_rows
from filmgate.cli.embedded_key import ensure_owner
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.texts import Texts
from filmgate.cli.units import AmountParamType, format_units
from filmgate.store import Account

__all__ = ["commands"]

DAY_SECONDS = 86_400


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the commands by name."""
    account = click.Argument(["account_id"], metavar=text("metavar.id"))
    account_option = click.Option(["--account", "account_id"], metavar=text("metavar.id"), help=text("billing.account"))
    days = click.Option(["--days"], type=click.IntRange(0, 366), default=30, show_default=True, help=text("usage.days"))
    event = click.Argument(["event_id"], metavar=text("metavar.id"))
    verify = Command("verify", text, _verify, key="ledger_verify")
    replay = Command("replay", text, _replay, [event], key="webhooks_replay")
    return {
        "accounts": CommandGroup("accounts", text, _account_commands(text, account), "accounts"),
        "usage": Command("usage", text, _usage, [account_option, days]),
        "ledger": CommandGroup("ledger", text, [verify], "ledger"),
        "webhooks": CommandGroup("webhooks", text, [replay], "webhooks"),
    }


def _account_commands(text: Texts, account: click.Argument) -> list[click.Command]:
    name = click.Option(["--name"], default="account", show_default=True, help=text("accounts_create.name"))
    balance = click.Option(["--balance"], type=AmountParamType(text), help=text("accounts_create.balance"))
    amount = click.Argument(["amount"], type=AmountParamType(text), metavar=text("metavar.amount"))
    return [
        Command("create", text, _create, [name, balance], key="accounts_create"),
        Command("list", text, _list, key="accounts_list"),
        Command("grant", text, _grant, [account, amount], key="accounts_grant"),
    ]


async def _create(context: CliContext, name: str, balance: int | None) -> None:
    async with opened_store(context) as store:
        account = await store.accounts.create_account(name, balance)
    print_rows(context, ["id", "name", "balance"], [_account_row(context, account)])


async def _list(context: CliContext) -> None:
    async with opened_store(context) as store:
        accounts = await store.accounts.list_accounts()
    print_rows(context, ["id", "name", "balance", "created"], [_account_row(context, account) for account in accounts])


async def _grant(context: CliContext, account_id: str, amount: int) -> None:
    async with opened_store(context) as store:
        await store.ledger.grant(account_id, amount, context.env.clock())
        account = await store.accounts.get_account(account_id)
    if account is not None:
        print_rows(context, ["id", "name", "balance"], [_account_row(context, account)])


async def _usage(context: CliContext, account_id: str | None, days: int) -> None:
    async with opened_store(context) as store:
        account_id = account_id or await ensure_owner(store)
        usage = await store.ledger.usage(account_id, context.env.clock() - days * DAY_SECONDS)
    if context.structured:
        context.print_json({"account": account_id, "usage": usage})
        return
    amounts = {"balance": usage.balance_micros, "held": usage.held_micros, "captured": usage.captured_micros}
    context.info("usage.total", id=account_id, **{name: format_units(micros) for name, micros in amounts.items()})
    rows = [
        {
            "id": day.date,
            "date": day.date,
            "model": day.model,
            "videos": day.videos,
            "seconds": day.seconds,
            "captured": format_units(day.captured_micros),
        }
        for day in usage.days
    ]
    print_rows(context, ["date", "model", "videos", "seconds", "captured"], rows)


async def _verify(context: CliContext) -> int:
    async with opened_store(context) as store:
        faults = await store.ledger.audit()
    if context.structured:
        context.print_json({"ok": not faults, "faults": faults})
    for fault in () if context.structured else faults:
        context.print_out(fault)
    if not faults:
        context.info("ledger.ok")
    return ExitCode.INTEGRITY if faults else ExitCode.OK


async def _replay(context: CliContext, event_id: str) -> None:
    async with opened_store(context) as store:
        receivers = await store.webhooks.redeliver(event_id, context.env.clock())
    if context.structured:
        context.print_json({"id": event_id, "receivers": receivers})
    context.info("webhooks.replayed", id=event_id, count=receivers)


def _account_row(context: CliContext, account: Account) -> dict[str, object]:
    created: object = account.created_at if context.structured else format_time(account.created_at)
    row: dict[str, object] = {"id": account.id, "name": account.name, "created": created}
    balance: dict[str, object] = (
        {"balance_micros": account.balance_micros}
        if context.structured
        else {"balance": format_units(account.balance_micros)}
    )
    return row | balance
