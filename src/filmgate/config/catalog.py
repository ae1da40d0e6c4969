"""The model catalogue: the one source of each public model's limits and prices, and of the messages about them.

The built-in ``models.toml`` and any files over it are merged model by model, key by key; then ``like`` inherits
the keys that a model does not set itself. ``[models.NAME]`` tables of ``filmgate.toml`` override all files.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from filmgate.domain import Size
from filmgate.errors import InvalidValue, MissingParameter, SettingsError, UnknownModel

__all__ = [
    "BUILT_IN_FILE",
    "DEFAULT_MODEL",
    "PROMPT_CHARACTERS",
    "UNLIMITED",
    "Catalog",
    "CreateFields",
    "DialectLimits",
    "Model",
    "ResolvedRequest",
]

BUILT_IN_FILE = Path(__file__).with_name("models.toml")
"""The catalogue that ships with the package."""

DEFAULT_MODEL = "sora-2"
"""The model of a request that names none."""

PROMPT_CHARACTERS = 32_000
"""The longest prompt that any model takes, in Unicode characters."""


class CreateFields(Protocol):
    """The fields of a create request that the catalogue validates; None: not given."""

    @property
    def prompt(self) -> str:
        """The prompt."""

    @property
    def model(self) -> str | None:
        """A model of the catalogue."""

    @property
    def seconds(self) -> str | None:
        """The length, spelled as in the API."""

    @property
    def size(self) -> str | None:
        """``WxH``."""


class Model(Struct, frozen=True, kw_only=True):
    """One public model."""

    name: str
    created: int  # Unix seconds
    engine: str  # the engine that renders its videos, or the first of its route
    route: str | None = None  # the model whose [routes.NAME] it uses: itself, or one that it inherits from
    sizes: tuple[Size, ...]
    seconds: tuple[int, ...]
    default_size: Size
    default_seconds: int
    price: dict[str, int]  # micro-units a second, by size or "default"
    price_per_call: int | None = None  # micro-units a video, whatever its size and length; None: by the second
    description: str = ""
    chat: bool = False  # whether chat programs may use it

    def price_micros(self, size: Size, seconds: int) -> int:
        """The price of a video of ``seconds``, in micro-units."""
        if self.price_per_call is not None:
            return self.price_per_call
        return self.price.get(str(size), self.price.get("default", 0)) * seconds


class DialectLimits(Struct, frozen=True, kw_only=True):
    """Limits of a dialect below the model's own; None limits nothing."""

    sizes: tuple[Size, ...] | None = None
    seconds: tuple[int, ...] | None = None
    prompt_characters: int = PROMPT_CHARACTERS
    image_types: tuple[str, ...] | None = None  # of reference images: "PNG", "JPEG", "WebP"
    creates_per_minute: int | None = None  # accepted per key
    running: int | None = None  # unfinished videos per key at once


class ResolvedRequest(Struct, frozen=True, kw_only=True):
    """A create request validated against the catalogue, its defaults filled in."""

    model: Model
    prompt: str
    size: Size
    seconds: int
    price_micros: int


_T = TypeVar("_T")

UNLIMITED = DialectLimits()
"""The limits of a dialect that limits nothing."""


class Catalog:
    """The public models, immutable."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = {model.name: model for model in models}

    @classmethod
    def load(
        cls,
        *files: Path,
        tables: Mapping[str, Mapping[str, object]] | None = None,
        source: Path | None = None,
        route_engines: Mapping[str, str] | None = None,
    ) -> Catalog:
        """Load the built-in catalogue with ``files`` merged over it; the last one wins.

        Args:
            files: of the shape of models.toml.
            tables: models merged over the files.
            source: the file that holds the tables, for error messages.
            route_engines: models that have a route, and the first engine of it.

        Raises:
            SettingsError: names the file, the model and the key.
        """
        merged: dict[str, dict[str, object]] = {}
        for file in (BUILT_IN_FILE, *files):
            for name, entry in _read(file).items():
                merged[name] = _merge(merged.get(name, {}), entry)
        for name, table in (tables or {}).items():
            merged[name] = _merge(merged.get(name, {}), _validate_entry(source, name, table))
        for name, engine in (route_engines or {}).items():
            if name not in merged:
                raise SettingsError(f"{source}: [routes.{name}]: there is no model '{name}'.")
            merged[name] = _merge(merged[name], {"engine": engine, "route": name})
        return cls(_model(name, _inherit(name, merged)) for name in merged)

    def names(self) -> list[str]:
        """The models' names, in the order of the catalogue."""
        return list(self._models)

    def models(self) -> list[Model]:
        """The models, in the same order."""
        return list(self._models.values())

    def get(self, name: str) -> Model | None:
        """The model of that name."""
        return self._models.get(name)

    def resolve(self, request: CreateFields, limits: DialectLimits = UNLIMITED) -> ResolvedRequest:
        """Validate a request and fill in its defaults.

        Raises:
            UnknownModel: lists the known ones.
            MissingParameter: there is no prompt.
            InvalidValue: the model or ``limits`` do not allow the prompt, the seconds or the size.
        """
        model = self._resolve_model(request.model)
        _check_prompt(request.prompt, limits.prompt_characters)
        seconds = _choose_value(
            "seconds", request.seconds, _narrow(model.seconds, limits.seconds), model.default_seconds
        )
        size = _choose_value("size", request.size, _narrow(model.sizes, limits.sizes), model.default_size)
        price = model.price_micros(size, seconds)
        return ResolvedRequest(model=model, prompt=request.prompt, size=size, seconds=seconds, price_micros=price)

    def _resolve_model(self, name: str | None) -> Model:
        wanted = DEFAULT_MODEL if name is None else name
        model = self._models.get(wanted)
        if model is None:
            raise UnknownModel.with_known(wanted, self._models)
        return model


def _check_prompt(prompt: str | None, limit: int) -> None:
    if prompt is None:
        raise MissingParameter("prompt")
    if not prompt:
        raise InvalidValue(
            "Invalid 'prompt': string too short. Expected a string with minimum length 1, "
            "but got an empty string instead.",
            param="prompt",
        )
    if len(prompt) > limit:
        raise InvalidValue(
            f"Invalid 'prompt': string too long. Expected a string with maximum length {limit}, "
            f"but got a string with length {len(prompt)} instead.",
            param="prompt",
        )
    if prompt.isspace():
        raise InvalidValue("Invalid 'prompt': it contains only white space.", param="prompt")


def _narrow(model: tuple[_T, ...], dialect: tuple[_T, ...] | None) -> tuple[_T, ...]:
    return model if dialect is None else tuple(value for value in model if value in dialect)


def _choose_value(param: str, requested: str | None, supported: tuple[_T, ...], default: _T) -> _T:
    if requested is None and default in supported:
        return default
    wanted = str(default) if requested is None else requested
    for value in supported:
        if str(value) == wanted:
            return value
    raise InvalidValue.unsupported(param, wanted, supported)


# ---- reading models.toml

_Seconds = Annotated[int, Meta(ge=1, le=3600)]
_Price = Annotated[int, Meta(ge=0, le=10**12)]


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as one file writes it; every key may come from another file or from ``like``."""

    like: str | None = None
    created: Annotated[int, Meta(ge=0)] | None = None
    engine: str | None = None
    route: str | None = None
    sizes: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    seconds: Annotated[tuple[_Seconds, ...], Meta(min_length=1)] | None = None
    default_size: str | None = None
    default_seconds: _Seconds | None = None
    price: dict[str, _Price] | None = None
    price_per_call: _Price | None = None
    description: str | None = None
    chat: bool | None = None


_REQUIRED = ("created", "engine", "sizes", "seconds", "default_size", "default_seconds", "price")


def _read(file: Path) -> dict[str, dict[str, object]]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {os.strerror(error.errno or 0)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error
    for key in data:
        if key != "models":
            raise SettingsError(f"{file}: there is no key '{key}'; models are tables named [models.NAME].")
    models = data.get("models", {})
    if not isinstance(models, dict):
        raise SettingsError(f"{file}: 'models' is no table; models are tables named [models.NAME].")
    return {name: _validate_entry(file, name, entry) for name, entry in models.items()}


def _validate_entry(file: Path | None, name: str, entry: object) -> dict[str, object]:
    try:
        read = msgspec.convert(entry, _Entry, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: model '{name}': {error}") from error
    if read.route is not None:
        raise SettingsError(f"{file}: model '{name}': a route is a table of its own: [routes.{name}].")
    return dict(entry) if isinstance(entry, dict) else {}


def _merge(base: dict[str, object], entry: dict[str, object]) -> dict[str, object]:
    # These belong to the engine: the values of another engine must not stay.
    gone = {"description", "route"} if "engine" in entry else set()
    return {key: value for key, value in base.items() if key not in gone} | entry


def _inherit(name: str, entries: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """Merge the model's own keys over those of the model it is ``like``, recursively."""
    values: dict[str, object] = {}
    seen: list[str] = []
    at: object = name
    while at is not None:
        if at in seen:
            raise SettingsError(f"model '{name}': 'like' goes round in a circle: {' → '.join([*seen, str(at)])}.")
        if not isinstance(at, str) or at not in entries:
            raise SettingsError(f"model '{seen[-1]}': 'like' names '{at}', which is no model.")
        seen.append(at)
        values = _merge(entries[at], values)
        at = entries[at].get("like")
    return values


def _model(name: str, values: dict[str, object]) -> Model:
    entry = msgspec.convert(values, _Entry, strict=False)
    for key in _REQUIRED:
        if getattr(entry, key) is None:
            raise SettingsError(f"model '{name}': '{key}' is missing.")
    known: dict[str, Any] = {key: getattr(entry, key) for key in (*_REQUIRED, "description", "price_per_call", "route")}
    known["sizes"] = tuple(_size(name, "sizes", text) for text in known["sizes"])
    known["default_size"] = _size(name, "default_size", known["default_size"])
    model = Model(name=name, **(known | {"description": known["description"] or "", "chat": bool(entry.chat)}))
    _check_defaults(model)
    _check_price(model)
    return model


def _size(name: str, key: str, text: str) -> Size:
    size = Size.parse(text)
    if size is None or size.width % 2 or size.height % 2:
        raise SettingsError(f"model '{name}': '{key}' can't be '{text}': write WxH with even numbers.")
    return size


def _check_defaults(model: Model) -> None:
    if model.default_size not in model.sizes:
        raise SettingsError(f"model '{model.name}': 'default_size' {model.default_size} is none of its sizes.")
    if model.default_seconds not in model.seconds:
        raise SettingsError(f"model '{model.name}': 'default_seconds' {model.default_seconds} is none of its seconds.")


def _check_price(model: Model) -> None:
    sizes = {str(size) for size in model.sizes}
    for key in model.price:
        if key != "default" and key not in sizes:
            raise SettingsError(f"model '{model.name}': 'price' names '{key}', which is none of its sizes.")
    if "default" not in model.price and sizes - model.price.keys():
        missing = ", ".join(sorted(sizes - model.price.keys()))
        raise SettingsError(f"model '{model.name}': 'price' has no 'default' and none for {missing}.")
