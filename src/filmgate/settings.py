"""The one table of settings: name, type, default and help, read by TOML, environment, CLI, docs and tests.

A setting's value comes from the first of: a command-line flag, the environment (``FILMGATE_PORT``), the file
(``filmgate.toml``), the default here. Nothing below ``bootstrap`` reads any of these places.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from platformdirs import user_data_path

from filmgate.errors import SettingsError

__all__ = ["ENV_PREFIX", "SettingInfo", "Settings", "describe", "load"]

ENV_PREFIX = "FILMGATE_"


def _help(text: str) -> Meta:
    return Meta(description=text)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, resolved. Times are seconds, sizes are bytes."""

    host: Annotated[str, _help("Address to listen on; loopback unless you say otherwise.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    data: Annotated[Path, _help("Folder of the database, the films and the keys.")] = user_data_path("filmgate")
    models: Annotated[
        Path | None, _help("A models.toml of your own, laid over the built-in catalogue (names, sizes, prices).")
    ] = None
    retention: Annotated[
        float, Meta(ge=0, description="Seconds that a finished film is kept; 0 keeps it until it is deleted.")
    ] = 7 * 86400.0
    body_limit: Annotated[int, Meta(ge=1, description="Largest request body taken, in bytes.")] = 64 * 1024 * 1024
    body_timeout: Annotated[float, Meta(gt=0, description="Seconds within which a request body must arrive.")] = 120.0
    image_limit: Annotated[int, Meta(ge=1, description="Largest reference image taken, in bytes.")] = 10 * 1024 * 1024
    scene_workers: Annotated[
        int, Meta(ge=1, le=64, description="Films that the embedded renderer makes at once, each in a process.")
    ] = 2
    testcard_delay: Annotated[
        float,
        Meta(ge=0, description="Seconds that the engine `testcard` takes over a film, to try a client's waiting."),
    ] = 0.0
    worker: Annotated[bool, _help("Whether this process makes videos; false: it only answers requests.")] = True
    allow_hosts: Annotated[
        tuple[str, ...], _help("Hosts that may be fetched from although their address is private.")
    ] = ()
    drain_timeout: Annotated[
        float, Meta(ge=0, description="Seconds that SIGTERM waits for running requests before it stops.")
    ] = 10.0
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$", description="Least level to log.")] = "info"
    failpoint: Annotated[
        str, _help("For durability tests: the named step of the flow at which this process kills itself.")
    ] = ""


class SettingInfo(Struct, frozen=True):
    """One row of the table, for help texts and docs."""

    name: str
    env: str
    type: str
    default: str
    help: str


def describe() -> list[SettingInfo]:
    """The table itself, in its order."""
    hints = get_type_hints(Settings, include_extras=True)
    rows = []
    for field in msgspec.structs.fields(Settings):
        kind, meta = get_args(hints[field.name])[:2]
        name = getattr(kind, "__name__", str(kind)) if get_origin(kind) is None else str(kind)
        rows.append(
            SettingInfo(field.name, ENV_PREFIX + field.name.upper(), name, str(field.default), meta.description)
        )
    return rows


def load(
    file: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """The settings, from a file, an environment and flags (``None`` among the overrides means: not given).

    Raises:
        SettingsError: names the setting, where it came from and what it takes.
    """
    values: dict[str, tuple[object, str]] = {}
    if file is not None:
        values |= {name: (value, str(file)) for name, value in _read_file(file).items()}
    for info in describe():
        text = (environ or {}).get(info.env)
        if text is not None:
            values[info.name] = (text, info.env)
    values |= {name: (value, f"--{name}") for name, value in (overrides or {}).items() if value is not None}
    hints = get_type_hints(Settings, include_extras=True)
    parsed: dict[str, Any] = {name: _parse(name, value, origin, hints) for name, (value, origin) in values.items()}
    return Settings(**parsed)


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {os.strerror(error.errno or 0)}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error


def _parse(name: str, value: object, origin: str, hints: Mapping[str, Any]) -> object:
    if name not in hints:
        raise SettingsError(f"{origin}: there is no setting '{name}'; known ones: {', '.join(sorted(hints))}.")
    if isinstance(value, str) and hints[name].__origin__ == tuple[str, ...]:
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, hints[name], strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{origin}: '{name}' can't be {value!r}: {error}") from error


def _path(kind: type, value: object) -> object:
    if issubclass(kind, Path) and isinstance(value, str | Path):
        return Path(value).expanduser()
    raise ValueError(f"expected a path, got {type(value).__name__}")
