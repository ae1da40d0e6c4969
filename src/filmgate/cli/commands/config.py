"""``filmgate config``: shows the configuration and the origin of each value, and checks it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec

from filmgate.cli.command import Command, CommandGroup
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import print_rows
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.inputs import profiles
from filmgate.cli.texts import Texts
from filmgate.config import settings
from filmgate.config.settings import EngineTable, LoadedSettings, Tables
from filmgate.errors import SettingsError

__all__ = ["commands"]

MASK = "…"

_SECRET = re.compile(r"(?:^|[_-])(?:authorization|key|password|secret|token)s?$", re.IGNORECASE)
_KEY_REFERENCE = re.compile(r"_(?:env|file)$", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")

ConfigRow = dict[str, object]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the group by name."""
    origin = click.Option(["--show-origin"], is_flag=True, help=text("config_list.show_origin"))
    actions = [
        Command("list", text, _list, [origin], key="config_list"),
        Command("check", text, _check, key="config_check"),
        Command("path", text, _path, key="config_path"),
    ]
    return {"config": CommandGroup("config", text, actions, "config")}


async def _list(context: CliContext, *, show_origin: bool) -> None:
    loaded = _read(context)
    columns = ["id", "value", "origin"] if show_origin else ["id", "value"]
    rows = [{name: row[name] for name in columns} for row in _rows(context, loaded)]
    print_rows(context, columns, rows)


async def _path(context: CliContext) -> int | None:
    file = _file(context)
    if file is None:
        context.info("config.no_file")
        return ExitCode.NOT_FOUND
    context.print_out(str(file))
    return None


async def _check(context: CliContext) -> int | None:
    file, problems = _file(context), list(_problems(context))
    if context.structured:
        context.print_json({"file": None if file is None else str(file), "problems": problems})
    else:
        for problem in problems:
            context.print_out(problem)
    if problems:
        context.info("config.invalid", count=len(problems))
        return ExitCode.USAGE
    context.info("config.ok", file=file or context.text("config.defaults"))
    return None


def _problems(context: CliContext) -> Iterator[str]:
    """Yield a message for each error that prevents a server or a command from starting."""
    try:
        loaded = _read(context)
    except SettingsError as error:
        yield from error.message.splitlines()
        return
    tables = loaded.settings.tables
    from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - clients have no engines

    yield from engine_factory.validate(loaded.settings, context.env.environ)
    for name in tables.profiles:
        try:
            profiles.find_profile(name, tables.profiles, tables.file)
        except SettingsError as error:
            yield error.message


def _file(context: CliContext) -> Path | None:
    return settings.find_config_file(context.options.config, context.env.environ, include_current_folder=True)


def _read(context: CliContext) -> LoadedSettings:
    return settings.load_with_origins(_file(context), context.env.environ, {"data": context.options.data})


def _rows(context: CliContext, loaded: LoadedSettings) -> Iterator[ConfigRow]:
    default = context.text("config.default")
    for info in settings.describe():
        value = getattr(loaded.settings, info.name)
        yield {
            "id": info.name,
            "value": _display_value(info.name, value),
            "origin": loaded.origins.get(info.name, default),
        }
    tables = loaded.settings.tables
    for name, value in _table_values(tables):
        yield {"id": name, "value": value, "origin": str(tables.file)}


def _table_values(tables: Tables) -> Iterator[tuple[str, object]]:
    for name, engine in tables.engines.items():
        yield from _flatten(f"engines.{name}", _engine(engine))
    for group in ("routes", "models", "profiles"):
        for name, table in getattr(tables, group).items():
            yield from _flatten(f"{group}.{name}", table)


def _engine(table: EngineTable) -> Mapping[str, object]:
    fields = {"kind": table.kind, "key_env": table.key_env, "key_file": table.key_file}
    return {name: value for name, value in fields.items() if value is not None} | dict(table.options)


def _flatten(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", _display_value(key, value)


def _display_value(name: str, value: object) -> object:
    """Return a value as it may be shown: possible secrets are masked, although files should not hold any."""
    if value is not None and _SECRET.search(name) and not _KEY_REFERENCE.search(name):
        return MASK
    if isinstance(value, list | tuple):
        return (
            msgspec.json.encode(value).decode()
            if any(isinstance(each, Mapping) for each in value)
            else _join_values(value)
        )
    return _USERINFO.sub(MASK, str(value)) if isinstance(value, str | Path) else _plain_value(value)


def _join_values(values: list[object] | tuple[object, ...]) -> str:
    return ", ".join(str(value) for value in values)


def _plain_value(value: object) -> object:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
