"""What the configuration makes of models, routes and engines: tables in, engines out, none of them started yet."""

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
from filmgate.security.secret_box import Vault
from filmgate.store import Identity

__all__ = ["Fleet", "assemble", "catalog_of", "key_of", "mistakes", "remaker", "routes_of"]


class Fleet(Struct, frozen=True, kw_only=True):
    """Everything that makes videos, as it is configured now."""

    catalog: Catalog
    routes: Mapping[str, Route]  # by model, those of models with a single engine among them
    engines: Mapping[str, Engine]  # by name
    present: tuple[Identity, ...]  # what the engines are that have an identity


def assemble(settings: Settings, environ: Mapping[str, str], vault: Vault) -> Fleet:
    """Make everything that the settings describe.

    Raises:
        SettingsError: names the file, the table and the key that can't be used.
    """
    catalog = catalog_of(settings)
    by_model = routes_of(settings, catalog)
    tables = _tables(settings, by_model)
    keys = {name: _key(settings, name, table, environ) for name, table in tables.items()}
    made = {name: _make(settings, name, table, keys[name]) for name, table in tables.items()}
    present = [_identity(made[name], table, keys[name], vault) for name, table in tables.items() if made[name].identity]
    return Fleet(catalog=catalog, routes=by_model, engines=made, present=tuple(present))


def mistakes(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """What :func:`assemble` would refuse, one by one, for whoever mends it; nothing if all is well."""
    tables = dict(settings.tables.engines)
    try:
        by_model = routes_of(settings, catalog_of(settings))
    except SettingsError as error:
        yield error.message
    else:
        yield from _strangers(settings, by_model)
        known = {name for route in by_model.values() for name in route.engines if name in engines.names()}
        tables |= {name: EngineTable(kind=name) for name in known - tables.keys()}
    for name, table in tables.items():
        try:
            _make(settings, name, table, _key(settings, name, table, environ))
        except SettingsError as error:
            yield error.message


def catalog_of(settings: Settings) -> Catalog:
    """The built-in models under the settings' own, without those whose engine's package is not installed.

    If none were left, all stay, and :func:`assemble` names the installation.

    Raises:
        SettingsError: names the file, the model or route, and the key.
    """
    own, file = settings.tables, settings.tables.file
    with_route = {name: _route(file, name, table).engines[0] for name, table in own.routes.items()}
    files = [settings.models] if settings.models else []
    catalog = Catalog.load(*files, tables=own.models, source=file, routed=with_route)
    absent = engines.absent() - own.engines.keys()
    offered = [model for model in catalog.models() if not _is_left_out(model, absent, own.models)]
    return Catalog(offered) if offered and absent else catalog


def _is_left_out(model: Model, absent: Container[str], configured: Container[str]) -> bool:
    return model.engine in absent and model.route is None and model.name not in configured


def routes_of(settings: Settings, catalog: Catalog) -> dict[str, Route]:
    """Each model's route: its own, that of the model it is like, or its single engine.

    Raises:
        SettingsError: a route can't be used.
    """
    tables = settings.tables
    read = {name: _route(tables.file, name, table) for name, table in tables.routes.items()}
    return {model.name: read[model.route] if model.route else Route.to(model.engine) for model in catalog.models()}


def remaker(settings: Settings, vault: Vault) -> Callable[[Identity], Engine]:
    """What makes an engine of before again.

    It raises :class:`~filmgate.errors.SettingsError` where its kind is gone or refuses what it took before, and
    :class:`~filmgate.errors.StorageFault` where its key can't be opened.
    """

    def remake(was: Identity) -> Engine:
        key = None if was.api_key is None else vault.open(was.api_key)
        context = _context(settings, was.engine, _options(was.options, key), at_hand=f"{was.engine}-{was.id}")
        return engines.make(was.kind, context)

    return remake


def key_of(settings: Settings, name: str, environ: Mapping[str, str]) -> str | None:
    """The key of ``[engines.NAME]``; None if it has none.

    Raises:
        SettingsError: there is no such table, or its key is not where it says.
    """
    if name not in settings.tables.engines:
        known = ", ".join(sorted(settings.tables.engines)) or "none"
        raise SettingsError(f"There is no [engines.{name}] in the configuration; there are: {known}.")
    return _key(settings, name, settings.tables.engines[name], environ)


def _route(file: Path | None, model: str, table: Mapping[str, object]) -> Route:
    try:
        return routing.read(model, table)
    except SettingsError as error:
        raise SettingsError(f"{file}: {error.message}") from error


def _tables(settings: Settings, by_model: Mapping[str, Route]) -> dict[str, EngineTable]:
    """Every engine that is described or named; one that is only named goes by its name."""
    for said in _strangers(settings, by_model):
        raise SettingsError(said)
    named = {name: EngineTable(kind=name) for route in by_model.values() for name in route.engines}
    return dict(sorted((named | dict(settings.tables.engines)).items()))


def _strangers(settings: Settings, by_model: Mapping[str, Route]) -> Iterator[str]:
    """What is wrong with each engine that some model names and nobody knows."""
    known = {*settings.tables.engines, *engines.names()}
    models: dict[str, list[str]] = {}
    for model, route in by_model.items():
        for name in route.engines:
            if name not in known:
                models.setdefault(name, []).append(model)
    for name, of in models.items():
        install = engines.installation(name)
        describe = f"{install} Or describe" if install else "Describe"
        hint = f"{describe} it in filmgate.toml as [engines.{name}], or name one of {', '.join(sorted(known))}."
        yield f"There is no engine '{name}', which {', '.join(of)} {'needs' if len(of) == 1 else 'need'}. {hint}"


def _make(settings: Settings, name: str, table: EngineTable, key: str | None) -> Engine:
    flat = _FLAT[table.kind](settings) if table.kind in _FLAT else {}
    try:
        return engines.make(table.kind, _context(settings, name, _options({**flat, **table.options}, key)))
    except SettingsError as error:
        said = error.message.replace(key, "…") if key else error.message
        raise SettingsError(_at(settings, name, said)) from None


def _context(
    settings: Settings, name: str, options: Mapping[str, object], *, at_hand: str | None = None
) -> engines.EngineContext:
    return engines.EngineContext(
        name=name,
        options=options,
        cache=settings.data / "cache" / name,
        scratch=settings.data / "scratch" / (at_hand or name),
    )


_FLAT: Mapping[str, Callable[[Settings], Mapping[str, object]]] = {
    "testcard": lambda settings: {"delay": settings.testcard_delay},
}
"""Which settings each kind of engine gets to see beside the options of its own table."""


def _options(options: Mapping[str, object], key: str | None) -> Mapping[str, object]:
    return options if key is None else {**options, "api_key": key}


def _key(settings: Settings, name: str, table: EngineTable, environ: Mapping[str, str]) -> str | None:
    """The engine's key, from where its table says it is."""
    if table.key_env is not None:
        key = environ.get(table.key_env, "").strip()
        if not key:
            said = f"the environment variable {table.key_env} is not set; 'key_env' says that it holds the key."
            raise SettingsError(_at(settings, name, said))
        return key
    if table.key_file is not None:
        try:
            key = table.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            said = f"'key_file' {table.key_file} can't be read: {reason}."
            raise SettingsError(_at(settings, name, said)) from None
        if not key:
            raise SettingsError(_at(settings, name, f"'key_file' {table.key_file} is empty."))
        return key
    return None


def _identity(engine: Engine, table: EngineTable, key: str | None, vault: Vault) -> Identity:
    sealed = None if key is None else vault.seal(key)
    return Identity(id=engine.identity, engine=engine.name, kind=table.kind, options=table.options, api_key=sealed)


def _at(settings: Settings, name: str, said: str) -> str:
    where = f"{settings.tables.file}: [engines.{name}]: " if name in settings.tables.engines else ""
    return where + said
