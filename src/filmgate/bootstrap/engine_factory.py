"""Builds models, routes and engines from the configuration; none of them is started yet."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from filmgate import engines
from filmgate.config import routing
from filmgate.config.catalog import Catalog, Model
from filmgate.config.routing import Route
from filmgate.config.settings import EngineTable, Settings
from filmgate.engines.base import Engine
from filmgate.errors import SettingsError
from filmgate.security.secret_box import SecretBox
from filmgate.store import EngineIdentity

__all__ = [
    "ConfiguredEngines",
    "build_engines",
    "engine_key",
    "engine_rebuilder",
    "load_catalog",
    "load_routes",
    "validate",
]


class ConfiguredEngines(Struct, frozen=True, kw_only=True):
    """Models, routes and engines as configured now."""

    catalog: Catalog
    routes: Mapping[str, Route]  # by model, including models with a single engine
    engines: Mapping[str, Engine]  # by name
    identities: tuple[EngineIdentity, ...]  # the engines' identities


def build_engines(settings: Settings, environ: Mapping[str, str], secret_box: SecretBox) -> ConfiguredEngines:
    """Build everything that the settings describe.

    Raises:
        SettingsError: names the file, the table and the key that can't be used.
    """
    catalog = load_catalog(settings)
    by_model = load_routes(settings, catalog)
    tables = _engine_tables(settings, by_model)
    keys = {name: _read_key(settings, name, table, environ) for name, table in tables.items()}
    made = {name: _build_engine(settings, name, table, keys[name]) for name, table in tables.items()}
    present = [
        _engine_identity(made[name], table, keys[name], secret_box)
        for name, table in tables.items()
        if made[name].identity
    ]
    return ConfiguredEngines(catalog=catalog, routes=by_model, engines=made, identities=tuple(present))


def validate(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """List every error that :func:`build_engines` would raise; empty if the configuration is valid."""
    tables = dict(settings.tables.engines)
    try:
        by_model = load_routes(settings, load_catalog(settings))
    except SettingsError as error:
        yield error.message
    else:
        yield from _unknown_engines(settings, by_model)
        known = {name for route in by_model.values() for name in route.engines if name in engines.engine_names()}
        tables |= {name: EngineTable(kind=name) for name in known - tables.keys()}
    for name, table in tables.items():
        try:
            _build_engine(settings, name, table, _read_key(settings, name, table, environ))
        except SettingsError as error:
            yield error.message


def load_catalog(settings: Settings) -> Catalog:
    """Load the built-in models and the settings' own over them, without those whose engine's package is not installed.

    If none were left, all stay, and :func:`build_engines` names the installation.

    Raises:
        SettingsError: names the file, the model or route, and the key.
    """
    own, file = settings.tables, settings.tables.file
    with_route = {name: _parse_route(file, name, table).engines[0] for name, table in own.routes.items()}
    files = [settings.models] if settings.models else []
    catalog = Catalog.load(*files, tables=own.models, source=file, route_engines=with_route)
    absent = engines.absent() - own.engines.keys()
    offered = [model for model in catalog.models() if not _is_left_out(model, absent, own.models)]
    return Catalog(offered) if offered and absent else catalog


def _is_left_out(model: Model, absent: Container[str], configured: Container[str]) -> bool:
    return model.engine in absent and model.route is None and model.name not in configured


def load_routes(settings: Settings, catalog: Catalog) -> dict[str, Route]:
    """Each model's route: its own, that of the model it inherits from, or its single engine.

    Raises:
        SettingsError: a route can't be used.
    """
    tables = settings.tables
    read = {name: _parse_route(tables.file, name, table) for name, table in tables.routes.items()}
    return {model.name: read[model.route] if model.route else Route.single(model.engine) for model in catalog.models()}


def engine_rebuilder(settings: Settings, secret_box: SecretBox) -> Callable[[EngineIdentity], Engine]:
    """Return a function that rebuilds a retired engine.

    It raises :class:`~filmgate.errors.SettingsError` where its kind no longer exists or rejects its stored options, and
    :class:`~filmgate.errors.StorageFault` where its key can't be decrypted.
    """

    def remake(was: EngineIdentity) -> Engine:
        key = None if was.api_key is None else secret_box.decrypt(was.api_key)
        context = _context(settings, was.engine, _options(was.options, key), scratch_name=f"{was.engine}-{was.id}")
        return engines.create_engine(was.kind, context)

    return remake


def engine_key(settings: Settings, name: str, environ: Mapping[str, str]) -> str | None:
    """The key of ``[engines.NAME]``; None if it has none.

    Raises:
        SettingsError: there is no such table, or its key can't be read.
    """
    if name not in settings.tables.engines:
        known = ", ".join(sorted(settings.tables.engines)) or "none"
        raise SettingsError(f"There is no [engines.{name}] in the configuration; there are: {known}.")
    return _read_key(settings, name, settings.tables.engines[name], environ)


def _parse_route(file: Path | None, model: str, table: Mapping[str, object]) -> Route:
    try:
        return routing.parse_route(model, table)
    except SettingsError as error:
        raise SettingsError(f"{file}: {error.message}") from error


def _engine_tables(settings: Settings, by_model: Mapping[str, Route]) -> dict[str, EngineTable]:
    """Every engine that is described or referenced; an engine that is only referenced takes its name as its kind."""
    for said in _unknown_engines(settings, by_model):
        raise SettingsError(said)
    named = {name: EngineTable(kind=name) for route in by_model.values() for name in route.engines}
    return dict(sorted((named | dict(settings.tables.engines)).items()))


def _unknown_engines(settings: Settings, by_model: Mapping[str, Route]) -> Iterator[str]:
    """One error for each engine that a model names and that no table or package provides."""
    known = {*settings.tables.engines, *engines.engine_names()}
    models: dict[str, list[str]] = {}
    for model, route in by_model.items():
        for name in route.engines:
            if name not in known:
                models.setdefault(name, []).append(model)
    for name, of in models.items():
        install = engines.install_hint(name)
        describe = f"{install} Or describe" if install else "Describe"
        hint = f"{describe} it in filmgate.toml as [engines.{name}], or name one of {', '.join(sorted(known))}."
        yield f"There is no engine '{name}', which {', '.join(of)} {'needs' if len(of) == 1 else 'need'}. {hint}"


def _build_engine(settings: Settings, name: str, table: EngineTable, key: str | None) -> Engine:
    flat = _SETTING_OPTIONS[table.kind](settings) if table.kind in _SETTING_OPTIONS else {}
    try:
        return engines.create_engine(table.kind, _context(settings, name, _options({**flat, **table.options}, key)))
    except SettingsError as error:
        said = error.message.replace(key, "…") if key else error.message
        raise SettingsError(_with_location(settings, name, said)) from None


def _context(
    settings: Settings, name: str, options: Mapping[str, object], *, scratch_name: str | None = None
) -> engines.EngineContext:
    return engines.EngineContext(
        name=name,
        options=options,
        cache=settings.data / "cache" / name,
        scratch=settings.data / "scratch" / (scratch_name or name),
    )


_SETTING_OPTIONS: Mapping[str, Callable[[Settings], Mapping[str, object]]] = {
    "testcard": lambda settings: {"delay": settings.testcard_delay},
}
"""Which settings each kind of engine gets to see beside the options of its own table."""


def _options(options: Mapping[str, object], key: str | None) -> Mapping[str, object]:
    return options if key is None else {**options, "api_key": key}


def _read_key(settings: Settings, name: str, table: EngineTable, environ: Mapping[str, str]) -> str | None:
    """Read the engine's key from the place that its table names."""
    if table.key_env is not None:
        key = environ.get(table.key_env, "").strip()
        if not key:
            said = f"the environment variable {table.key_env} is not set; 'key_env' says that it holds the key."
            raise SettingsError(_with_location(settings, name, said))
        return key
    if table.key_file is not None:
        try:
            key = table.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            said = f"'key_file' {table.key_file} can't be read: {reason}."
            raise SettingsError(_with_location(settings, name, said)) from None
        if not key:
            raise SettingsError(_with_location(settings, name, f"'key_file' {table.key_file} is empty."))
        return key
    return None


def _engine_identity(engine: Engine, table: EngineTable, key: str | None, secret_box: SecretBox) -> EngineIdentity:
    sealed = None if key is None else secret_box.encrypt(key)
    return EngineIdentity(
        id=engine.identity, engine=engine.name, kind=table.kind, options=table.options, api_key=sealed
    )


def _with_location(settings: Settings, name: str, message: str) -> str:
    where = f"{settings.tables.file}: [engines.{name}]: " if name in settings.tables.engines else ""
    return where + message
