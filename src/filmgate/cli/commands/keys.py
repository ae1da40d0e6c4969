"""``filmgate keys``: creates, lists, rotates and revokes API keys, also beside a running server."""

from __future__ import annotations

import click

from filmgate.bootstrap.engine_factory import load_catalog
from filmgate.cli.command import Command, CommandGroup
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import format_time, print_rows
from filmgate.cli.embedded_key import ensure_owner
from filmgate.cli.texts import Texts
from filmgate.cli.units import DurationParamType
from filmgate.errors import NotFound, UnknownModel
from filmgate.store import ApiKey

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the group by name."""
    name = click.Option(["--name"], default="key", metavar="NAME", help=text("keys_create.name"))
    limits = [
        click.Option(["--account", "account_id"], metavar=text("metavar.id"), help=text("billing.account")),
        click.Option(["--requests-per-minute"], type=click.IntRange(0), help=text("keys_create.requests")),
        click.Option(["--running"], type=click.IntRange(0), help=text("keys_create.running")),
        click.Option(["--models"], metavar=text("metavar.names"), help=text("keys_create.models")),
        click.Option(
            ["--expires"],
            type=DurationParamType(text),
            metavar=text("metavar.duration"),
            help=text("keys_create.expires"),
        ),
    ]
    key_id = click.Argument(["key_id"], metavar=text("metavar.id"))
    grace = click.Option(
        ["--grace"], type=DurationParamType(text), metavar=text("metavar.duration"), help=text("keys_rotate.grace")
    )
    actions = [
        Command("create", text, _create, [name, *limits], key="keys_create"),
        Command("list", text, _list, key="keys_list"),
        Command("revoke", text, _revoke, [key_id], key="keys_revoke"),
        Command("rotate", text, _rotate, [key_id, grace], key="keys_rotate"),
    ]
    return {"keys": CommandGroup("keys", text, actions, "keys")}


async def _create(
    context: CliContext,
    name: str,
    account_id: str | None,
    requests_per_minute: int | None,
    running: int | None,
    models: str | None,
    expires: float | None,
) -> None:
    now = context.env.clock()
    async with opened_store(context) as store:
        key, secret = await store.accounts.create_key(
            account_id or await ensure_owner(store),
            name,
            now,
            expires_at=None if expires is None else now + expires,
            requests_per_minute=requests_per_minute,
            running_limit=running,
            models=None if models is None else _parse_models(context, models),
        )
    if context.structured:
        context.print_json({"id": key.id, "name": key.name, "key": secret})
        return
    context.info("keys.created", id=key.id, name=key.name)
    context.print_out(secret)


async def _list(context: CliContext) -> None:
    async with opened_store(context) as store:
        keys = await store.accounts.list_keys()
    print_rows(
        context,
        ["id", "name", "key", "limits", "created", "expires", "revoked"],
        [_key_row(context, key) for key in keys],
    )


async def _revoke(context: CliContext, key_id: str) -> None:
    async with opened_store(context) as store:
        if not await store.accounts.revoke_key(key_id, context.env.clock()):
            raise NotFound(f"Key '{key_id}' does not exist or is already revoked.")
    context.info("keys.revoked", id=key_id)


async def _rotate(context: CliContext, key_id: str, grace: float | None) -> None:
    async with opened_store(context) as store:
        key, secret = await store.accounts.rotate_key(key_id, context.env.clock(), grace=grace or 0.0)
    if context.structured:
        context.print_json({"id": key.id, "name": key.name, "key": secret})
        return
    context.info("keys.created", id=key.id, name=key.name)
    context.print_out(secret)


def _parse_models(context: CliContext, models: str) -> list[str]:
    catalog = load_catalog(context.settings())
    names = [name.strip() for name in models.split(",") if name.strip()]
    for name in names:
        if catalog.get(name) is None:
            raise UnknownModel.with_known(name, catalog.names())
    return names


def _key_row(context: CliContext, key: ApiKey) -> dict[str, object]:
    limits = {
        "requests_per_minute": key.requests_per_minute,
        "running_limit": key.running_limit,
        "models": None if key.models is None else ", ".join(key.models),
    }
    set_limits = {name: value for name, value in limits.items() if value is not None}
    limits_text = "  ".join(context.text(f"keys.{name}", value=value) for name, value in set_limits.items())
    return {
        "id": key.id,
        "account": key.account_id,
        "name": key.name,
        "key": f"{key.prefix}…",
        "limits": set_limits if context.structured else limits_text,
        "created": format_time(key.created_at),
        "expires": format_time(key.expires_at),
        "revoked": format_time(key.revoked_at),
    }
