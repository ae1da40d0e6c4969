"""``filmgate config``: what is configured, where each value comes from, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec

from filmgate.cli.command import Command, Group
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import rows
from filmgate.cli.exit_codes import Exit
from filmgate.cli.inputs import profiles
from filmgate.cli.texts import Texts
from filmgate.config import settings
from filmgate.config.settings import EngineTable, Loaded, Tables
from filmgate.errors import SettingsError

__all__ = ["commands"]

MASK = "…"

_SECRET = re.compile(r"(?:^|[_-])(?:authorization|key|password|secret|token)s?$", re.IGNORECASE)
_NAMED = re.compile(r"_(?:env|file)$", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")

Row = dict[str, object]


def commands(text: Texts) -> dict[str, click.Command]:
    """The group."""
    origin = click.Option(["--show-origin"], is_flag=True, help=text("config_list.show_origin"))
    actions = [
        Command("list", text, _list, [origin], key="config_list"),
        Command("check", text, _check, key="config_check"),
        Command("path", text, _path, key="config_path"),
    ]
    return {"config": Group("config", text, actions, "config")}


async def _list(frame: Frame, *, show_origin: bool) -> None:
    loaded = _read(frame)
    columns = ["id", "value", "origin"] if show_origin else ["id", "value"]
    found = [{name: row[name] for name in columns} for row in _rows(frame, loaded)]
    rows(frame, columns, found)


async def _path(frame: Frame) -> int | None:
    file = _file(frame)
    if file is None:
        frame.tell("config.no_file")
        return Exit.NOT_FOUND
    frame.put(str(file))
    return None


async def _check(frame: Frame) -> int | None:
    file, found = _file(frame), list(_mistakes(frame))
    if frame.structured:
        frame.dump({"file": None if file is None else str(file), "mistakes": found})
    else:
        for mistake in found:
            frame.put(mistake)
    if found:
        frame.tell("config.bad", count=len(found))
        return Exit.USAGE
    frame.tell("config.good", file=file or frame.text("config.defaults"))
    return None


def _mistakes(frame: Frame) -> Iterator[str]:
    """Each thing that keeps a server or a command from starting, in words."""
    try:
        loaded = _read(frame)
    except SettingsError as error:
        yield from error.message.splitlines()
        return
    tables = loaded.settings.tables
    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - clients have no engines

    yield from engine_factory.mistakes(loaded.settings, frame.env.environ)
    for name in tables.profiles:
        try:
            profiles.pick(name, tables.profiles, tables.file)
        except SettingsError as error:
            yield error.message


def _file(frame: Frame) -> Path | None:
    return settings.locate(frame.options.config, frame.env.environ, here=True)


def _read(frame: Frame) -> Loaded:
    return settings.read(_file(frame), frame.env.environ, {"data": frame.options.data})


def _rows(frame: Frame, loaded: Loaded) -> Iterator[Row]:
    default = frame.text("config.default")
    for info in settings.describe():
        value = getattr(loaded.settings, info.name)
        yield {"id": info.name, "value": _said(info.name, value), "origin": loaded.origins.get(info.name, default)}
    tables = loaded.settings.tables
    for name, value in _table_values(tables):
        yield {"id": name, "value": value, "origin": str(tables.file)}


def _table_values(tables: Tables) -> Iterator[tuple[str, object]]:
    for name, engine in tables.engines.items():
        yield from _flat(f"engines.{name}", _engine(engine))
    for group in ("routes", "models", "profiles"):
        for name, table in getattr(tables, group).items():
            yield from _flat(f"{group}.{name}", table)


def _engine(table: EngineTable) -> Mapping[str, object]:
    named = {"kind": table.kind, "key_env": table.key_env, "key_file": table.key_file}
    return {name: value for name, value in named.items() if value is not None} | dict(table.options)


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", _said(key, value)


def _said(name: str, value: object) -> object:
    """A value as it may be shown: what may be a secret is masked, though none should stand in a file."""
    if value is not None and _SECRET.search(name) and not _NAMED.search(name):
        return MASK
    if isinstance(value, list | tuple):
        return (
            msgspec.json.encode(value).decode() if any(isinstance(each, Mapping) for each in value) else _list_of(value)
        )
    return _USERINFO.sub(MASK, str(value)) if isinstance(value, str | Path) else _plain(value)


def _list_of(values: list[object] | tuple[object, ...]) -> str:
    return ", ".join(str(value) for value in values)


def _plain(value: object) -> object:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
