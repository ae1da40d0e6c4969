"""``filmgate keys``: create, list, revoke, in a running server's folder too."""

from __future__ import annotations

import click

from filmgate.bootstrap.engine_factory import catalog_of
from filmgate.cli.command import Command, Group
from filmgate.cli.commands.admin_store import opened_store
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import moment, rows
from filmgate.cli.embedded_key import ensure_owner
from filmgate.cli.texts import Texts
from filmgate.cli.units import Span
from filmgate.errors import NotFound, UnknownModel
from filmgate.store import Key

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The group."""
    name = click.Option(["--name"], default="key", metavar="NAME", help=text("keys_create.name"))
    limits = [
        click.Option(["--account", "account_id"], metavar=text("metavar.id"), help=text("books.account")),
        click.Option(["--requests-per-minute"], type=click.IntRange(0), help=text("keys_create.requests")),
        click.Option(["--running"], type=click.IntRange(0), help=text("keys_create.running")),
        click.Option(["--models"], metavar=text("metavar.names"), help=text("keys_create.models")),
        click.Option(["--expires"], type=Span(text), metavar=text("metavar.span"), help=text("keys_create.expires")),
    ]
    key_id = click.Argument(["key_id"], metavar=text("metavar.id"))
    grace = click.Option(["--grace"], type=Span(text), metavar=text("metavar.span"), help=text("keys_rotate.grace"))
    actions = [
        Command("create", text, _create, [name, *limits], key="keys_create"),
        Command("list", text, _list, key="keys_list"),
        Command("revoke", text, _revoke, [key_id], key="keys_revoke"),
        Command("rotate", text, _rotate, [key_id, grace], key="keys_rotate"),
    ]
    return {"keys": Group("keys", text, actions, "keys")}


async def _create(
    frame: Frame,
    name: str,
    account_id: str | None,
    requests_per_minute: int | None,
    running: int | None,
    models: str | None,
    expires: float | None,
) -> None:
    now = frame.env.clock()
    async with opened_store(frame) as store:
        key, secret = await store.accounts.create_key(
            account_id or await ensure_owner(store),
            name,
            now,
            expires_at=None if expires is None else now + expires,
            requests_per_minute=requests_per_minute,
            running_limit=running,
            models=None if models is None else _known(frame, models),
        )
    if frame.structured:
        frame.dump({"id": key.id, "name": key.name, "key": secret})
        return
    frame.tell("keys.created", id=key.id, name=key.name)
    frame.put(secret)


async def _list(frame: Frame) -> None:
    async with opened_store(frame) as store:
        keys = await store.accounts.keys()
    rows(frame, ["id", "name", "key", "limits", "created", "expires", "revoked"], [_row(frame, key) for key in keys])


async def _revoke(frame: Frame, key_id: str) -> None:
    async with opened_store(frame) as store:
        if not await store.accounts.revoke(key_id, frame.env.clock()):
            raise NotFound(f"Key '{key_id}' not found, or revoked already.")
    frame.tell("keys.revoked", id=key_id)


async def _rotate(frame: Frame, key_id: str, grace: float | None) -> None:
    async with opened_store(frame) as store:
        key, secret = await store.accounts.rotate(key_id, frame.env.clock(), grace=grace or 0.0)
    if frame.structured:
        frame.dump({"id": key.id, "name": key.name, "key": secret})
        return
    frame.tell("keys.created", id=key.id, name=key.name)
    frame.put(secret)


def _known(frame: Frame, models: str) -> list[str]:
    catalog = catalog_of(frame.settings())
    names = [name.strip() for name in models.split(",") if name.strip()]
    for name in names:
        if catalog.get(name) is None:
            raise UnknownModel.among(name, catalog.names())
    return names


def _row(frame: Frame, key: Key) -> dict[str, object]:
    limits = {
        "requests_per_minute": key.requests_per_minute,
        "running_limit": key.running_limit,
        "models": None if key.models is None else ", ".join(key.models),
    }
    given = {name: value for name, value in limits.items() if value is not None}
    said = "  ".join(frame.text(f"keys.{name}", value=value) for name, value in given.items())
    return {
        "id": key.id,
        "account": key.account_id,
        "name": key.name,
        "key": f"{key.prefix}…",
        "limits": given if frame.structured else said,
        "created": moment(key.created_at),
        "expires": moment(key.expires_at),
        "revoked": moment(key.revoked_at),
    }
