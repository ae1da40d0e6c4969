"""The one table of settings: name, type, default and help, read by TOML, environment, CLI, docs and tests.

A setting's value comes from the first of: a command-line flag, the environment (``FILMGATE_PORT``), the file
(``filmgate.toml``), the default here. The file alone also holds tables: engines, routes, models, profiles. Nothing
below ``bootstrap`` reads any of these places.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from platformdirs import user_config_path, user_data_path

from filmgate.config.addresses import parse_networks, parse_origins, parse_public_url
from filmgate.errors import SettingsError

__all__ = [
    "CONFIG_ENV",
    "ENV_PREFIX",
    "EngineTable",
    "LoadedSettings",
    "SettingInfo",
    "Settings",
    "Tables",
    "describe",
    "find_config_file",
    "has_no_credentials",
    "load",
    "load_with_origins",
]

ENV_PREFIX = "FILMGATE_"

CONFIG_ENV = "FILMGATE_CONFIG"
"""Names the configuration file."""

FILE_NAME = "filmgate.toml"

Table = Mapping[str, object]


def _help(text: str) -> Meta:
    return Meta(description=text)


class EngineTable(Struct, frozen=True, kw_only=True):
    """One ``[engines.NAME]`` table. It names its key, never holds it: error messages must not reveal a secret."""

    kind: str  # a built-in engine, or an entry point's name
    options: Table = {}  # validated by the engine itself
    key_env: str | None = None  # the environment variable that holds its key
    key_file: Path | None = None  # the file that holds its key


class Tables(Struct, frozen=True, kw_only=True):
    """Tables that only the file can hold, by name."""

    file: Path | None = None  # the file
    engines: Mapping[str, EngineTable] = {}
    routes: Mapping[str, Table] = {}  # by model
    models: Mapping[str, Table] = {}  # with the keys of models.toml
    profiles: Mapping[str, Table] = {}  # of the command line


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, resolved. Times are seconds, sizes are bytes."""

    host: Annotated[str, _help("Address to listen on; loopback unless you say otherwise.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    data: Annotated[Path, _help("Folder of the database, the videos and the keys.")] = user_data_path("filmgate")
    models: Annotated[
        Path | None, _help("A models.toml of your own, laid over the built-in catalogue (names, sizes, prices).")
    ] = None
    retention: Annotated[
        float, Meta(ge=0, description="Seconds that a finished video is kept; 0 keeps it until it is deleted.")
    ] = 7 * 86400.0
    body_limit: Annotated[int, Meta(ge=1, description="Largest request body accepted, in bytes.")] = 64 * 1024 * 1024
    body_timeout: Annotated[float, Meta(gt=0, description="Seconds within which a request body must arrive.")] = 120.0
    image_limit: Annotated[int, Meta(ge=1, description="Largest reference image, in bytes.")] = 10 * 1024 * 1024
    file_quota: Annotated[
        int, Meta(ge=0, description="Bytes that an account's uploaded files (`/v1/files`) may have in all.")
    ] = 1024 * 1024 * 1024
    file_count: Annotated[int, Meta(ge=0, description="How many uploaded files an account may have.")] = 1000
    character_count: Annotated[int, Meta(ge=0, description="How many characters an account may have.")] = 100
    chat_background_tasks: Annotated[
        bool,
        _help(
            "Whether requests that chat programs send by themselves (titles, tags, connection checks) are answered "
            "with text, free of charge; false: each makes a video."
        ),
    ] = True
    testcard_delay: Annotated[
        float,
        Meta(ge=0, description="Seconds that the engine `testcard` takes for a video, to test how a client waits."),
    ] = 0.0
    worker: Annotated[bool, _help("Whether this process makes videos; false: it only answers requests.")] = True
    allow_hosts: Annotated[
        tuple[str, ...], _help("Hosts that may be fetched from although their address is private.")
    ] = ()
    public_url: Annotated[
        str,
        _help(
            "Address that clients use, up to `/v1`, with a path if a proxy adds one: links in responses begin with it; "
            "empty: the address of each request."
        ),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        _help("Addresses and networks of proxies whose `X-Forwarded-*` and `Forwarded` headers are believed."),
    ] = ("127.0.0.0/8", "::1/128")
    allow_origins: Annotated[
        tuple[str, ...],
        _help("Origins whose pages may read responses in a browser (CORS): `*` for all, empty for none."),
    ] = ("*",)
    drain_timeout: Annotated[
        float, Meta(ge=0, description="Seconds that SIGTERM waits for running requests before it stops.")
    ] = 10.0
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$", description="Lowest level to log.")] = "info"
    metrics: Annotated[
        str,
        Meta(
            pattern="^(off|local|open)$",
            description="Who may read /metrics: nobody (off), this machine alone (local), all who reach the port "
            "(open).",
        ),
    ] = "local"
    profile: Annotated[str, _help("Profile of the command line where `--profile` names none.")] = ""
    failpoint: Annotated[
        str, _help("For durability tests: the named step of the flow at which this process kills itself.")
    ] = ""
    tables: Tables = Tables()


class LoadedSettings(Struct, frozen=True, kw_only=True):
    """The settings and their origins."""

    settings: Settings
    origins: Mapping[str, str]  # of those that are not defaults: a file, a variable, a flag


class SettingInfo(Struct, frozen=True):
    """One row of the table, for help texts and docs."""

    name: str
    env: str
    type: str
    default: str
    help: str


def describe() -> list[SettingInfo]:
    """The table, in its order."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        if field.name == "tables":
            continue
        kind, meta = get_args(hints[field.name])[:2]
        name = getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind)
        default = ", ".join(field.default) if isinstance(field.default, tuple) else str(field.default)
        rows.append(SettingInfo(field.name, ENV_PREFIX + field.name.upper(), name, default, meta.description))
    return rows


def find_config_file(
    config: Path | None, environ: Mapping[str, str], *, include_current_folder: bool = False
) -> Path | None:
    """Find the configuration file: ``config``, ``$FILMGATE_CONFIG``, ``./filmgate.toml``, the user's own; or None.

    Args:
        config: the file named on the command line.
        environ: the environment.
        include_current_folder: whether a file in the current folder counts. It names secrets and the addresses that
            they are sent to, and another user may have written it: only a server's operator vouches for the folder.
    """
    if config is not None:
        return config
    if named := environ.get(CONFIG_ENV):
        return Path(named).expanduser()
    own = user_config_path("filmgate") / FILE_NAME
    usual = (Path.cwd() / FILE_NAME, own) if include_current_folder else (own,)
    return next((file for file in usual if file.is_file()), None)


def has_no_credentials(url: object) -> bool:
    """Whether an address holds neither a user name nor a password, which would be stored and shown in clear text."""
    return not isinstance(url, str) or "@" not in url.partition("://")[2].partition("/")[0]


def load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Load the settings from a file, an environment and flags (``None`` among the overrides means: not given).

    Raises:
        SettingsError: names each error: the setting or table, its origin and the values it takes.
    """
    return load_with_origins(file, environ, overrides).settings


def load_with_origins(
    file: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> LoadedSettings:
    """Load the settings as :func:`load` does, with their origins.

    Raises:
        SettingsError: as :func:`load` says.
    """
    mistakes: list[str] = []
    flat, tables = _from_file(file, mistakes) if file is not None else ({}, Tables())
    values = {name: (value, str(file)) for name, value in flat.items()}
    for info in describe():
        text = (environ or {}).get(info.env)
        if text is not None:
            values[info.name] = (text, info.env)
    values |= {name: (value, f"--{name}") for name, value in (overrides or {}).items() if value is not None}
    parsed = _parse_all(values, mistakes)
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    origins = {name: origin for name, (_value, origin) in values.items()}
    return LoadedSettings(settings=Settings(**_resolve_paths(file, origins, parsed), tables=tables), origins=origins)


def _from_file(file: Path, mistakes: list[str]) -> tuple[dict[str, object], Tables]:
    """The flat settings and the tables of a file."""
    flat = _read_file(file)
    # `models` is also a setting: the path of a models.toml.
    found = {name: flat.pop(name) for name in _TABLES if name in flat and not isinstance(flat[name], str)}
    named = {name: dict(_iter_tables(file, name, table, mistakes)) for name, table in found.items()}
    engines = named.pop("engines", {})
    read = {name: _parse_engine(file, name, table, mistakes) for name, table in engines.items()}
    return flat, Tables(file=file, engines={name: table for name, table in read.items() if table}, **named)


_TABLES = ("engines", "routes", "models", "profiles")


def _iter_tables(file: Path, group: str, tables: object, mistakes: list[str]) -> Iterable[tuple[str, Table]]:
    if not isinstance(tables, dict):
        mistakes.append(f"{file}: '{group}' takes tables named [{group}.NAME].")
        return
    for name, table in tables.items():
        if isinstance(table, dict):
            yield name, table
        else:
            mistakes.append(f"{file}: [{group}] holds tables named [{group}.NAME], but '{name}' is none.")


def _parse_engine(file: Path, name: str, table: Table, mistakes: list[str]) -> EngineTable | None:
    own = {key: table[key] for key in ("kind", "key_env", "key_file") if key in table}
    wrong = [key for key, value in own.items() if not isinstance(value, str) or not value]
    mistakes += [f"{file}: [engines.{name}]: '{key}' is a text." for key in wrong]
    if "key_env" in own and "key_file" in own:
        mistakes.append(f"{file}: [engines.{name}]: name the key by 'key_env' or by 'key_file', not by both.")
    if "api_key" in table:
        mistakes.append(
            f"{file}: [engines.{name}]: 'api_key' can't stand in a file; name the environment variable that holds "
            "the key ('key_env') or a file of its own ('key_file')."
        )
    if not has_no_credentials(table.get("base_url")):
        mistakes.append(
            f"{file}: [engines.{name}]: 'base_url' can't hold a user name or password; name the key by 'key_env' or "
            "'key_file'."
        )
    if wrong:
        return None
    key_file = own.get("key_file")
    return EngineTable(
        kind=str(own.get("kind", name)),
        options={key: value for key, value in table.items() if key not in own},
        key_env=None if "key_env" not in own else str(own["key_env"]),
        key_file=None if key_file is None else file.parent / Path(str(key_file)).expanduser(),
    )


def _resolve_paths(file: Path | None, origins: Mapping[str, str], parsed: dict[str, Any]) -> dict[str, Any]:
    """Resolve relative paths of the file against its folder."""
    if file is None:
        return parsed
    return {
        name: file.parent / value if isinstance(value, Path) and origins[name] == str(file) else value
        for name, value in parsed.items()
    }


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {os.strerror(error.errno or 0)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error


def _parse_all(values: Mapping[str, tuple[object, str]], mistakes: list[str]) -> dict[str, Any]:
    hints = get_type_hints(Settings, include_extras=True)
    hints.pop("tables")
    parsed = {}
    for name, (value, origin) in values.items():
        try:
            parsed[name] = _parse(name, value, origin, hints)
        except SettingsError as error:
            mistakes.append(error.message)
    return parsed


def _parse(name: str, value: object, origin: str, hints: Mapping[str, Any]) -> object:
    if name not in hints:
        raise SettingsError(f"{origin}: there is no setting '{name}'; known ones: {', '.join(sorted(hints))}.")
    if isinstance(value, str) and hints[name].__origin__ == tuple[str, ...]:
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        converted = msgspec.convert(value, hints[name], strict=False, dec_hook=_decode_path)
        return _CHECKS.get(name, _unchanged)(converted)
    except ValueError as error:  # msgspec's errors are some
        shown = repr(value) if has_no_credentials(value) else "…"
        raise SettingsError(f"{origin}: '{name}' can't be {shown}: {error}") from error


_CHECKS: Mapping[str, Callable[[Any], object]] = {
    "public_url": parse_public_url,
    "trusted_proxies": parse_networks,
    "allow_origins": parse_origins,
}


def _unchanged(value: object) -> object:
    return value


def _decode_path(kind: type, value: object) -> object:
    if issubclass(kind, Path) and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError(f"expected a path, got {type(value).__name__}")
