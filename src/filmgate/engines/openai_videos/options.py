"""The engine's options, checked one by one."""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from filmgate.engines.options import EngineContext
from filmgate.errors import SettingsError
from filmgate.net.addresses import BadUrl, parse_url
from filmgate.wire.upstream import DIALECTS, FLAVOURS, Upstream

__all__ = ["KIND", "Options", "Profile", "read_options"]

KIND = "openai-videos"

AUTO = "auto"
PLAIN = "plain"

_RULE = re.compile(r"([1-9]\d{0,3})k(?:\+(\d{1,4}))?", re.ASCII)


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model of a model server wants to be asked."""

    fps: int | None = None  # its frames a second
    frame_rule: str = "1k"  # numbers of frames that it can make: "4k+1", "8k+1"
    extra: dict[str, str | int | float | bool] = {}  # fields that every request gets, e.g. its number of steps

    def frames(self, seconds: int) -> int | None:
        """Frames for at least that many seconds, by the model's rule; None if its rate is not known."""
        match = _RULE.fullmatch(self.frame_rule)
        if self.fps is None or match is None:
            return None
        step, rest = int(match[1]), int(match[2] or 0)
        return max(0, math.ceil((self.fps * seconds - rest) / step)) * step + rest

    def fields(self) -> dict[str, str]:
        """The extra fields as text."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in self.extra.items()
        }


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``[engines.NAME]`` may say."""

    base_url: str
    dialect: str = "openai"
    flavour: str = AUTO  # of ``openai``: a model server's, "plain" for none, "auto": as its models list says
    api_key: str | None = None
    models: dict[str, str] = {}  # public name -> the upstream's
    profiles: dict[str, Profile] = {}  # by public name; "*" for all others
    paid: bool = True
    idempotent: bool = False  # it honours Idempotency-Key
    reconcile: str = "none"  # "idempotency-key", "list" or "none": how a lost reply is cleared up
    running: int | None = None  # jobs at once
    creates_a_minute: int | None = None
    audio: bool = True
    image_input: bool = True
    allow_hosts: list[str] = []  # private hosts that films may be fetched from, beside its own
    ca_file: str | None = None  # PEM: whom to trust instead of the system's authorities
    connect_timeout: float = 10.0
    submit_timeout: float = 60.0
    look_timeout: float = 30.0
    idle_timeout: float = 30.0
    download_timeout: float = 1800.0
    download_limit: int = 4 * 1024**3  # bytes of a film
    look_every: float = 1.0  # least seconds between two looks at a job, or at the list
    watch: str = "auto"  # "each": look at each job; "list": read them off the upstream's list; "auto": from fifty on
    pace: float = 15.0  # seconds of work that a second of film is expected to take, until it is learnt

    @property
    def address(self) -> str:
        """The base URL in its one spelling; a bare host gets the ``/v1`` that is always there."""
        url = parse_url(self.base_url.rstrip("/"))
        return str(url / "v1" if url.path == "/" else url)

    @property
    def upstream(self) -> Upstream:
        """How to speak to it, as far as the options say."""
        return FLAVOURS.get(self.flavour, DIALECTS[self.dialect])

    @property
    def finds_out(self) -> bool:
        """Whether the flavour is to be found out."""
        return self.dialect == "openai" and self.flavour == AUTO

    def profile(self, model: str) -> Profile:
        """A model's own profile, or that of all others."""
        return self.profiles.get(model) or self.profiles.get("*") or Profile()

    def tls(self) -> ssl.SSLContext | None:
        """Whom to trust, if not the system's authorities."""
        return None if self.ca_file is None else ssl.create_default_context(cafile=self.ca_file)


def read_options(context: EngineContext) -> Options:
    """The options of an engine.

    Raises:
        SettingsError: one of them is unknown or can't be used; names it.
    """
    known = Options.__struct_fields__
    for name in context.options:
        if name not in known:
            raise SettingsError(
                f"Engine '{context.name}': there is no option '{name}'; known ones: {', '.join(sorted(known))}."
            )
    try:
        options = msgspec.convert(dict(context.options), Options, strict=True)
    except msgspec.ValidationError as error:
        raise SettingsError(f"Engine '{context.name}': {_in_words(error)}.") from error
    for name, wrong in _mistakes(options).items():
        if wrong:
            raise SettingsError(f"Engine '{context.name}': '{name}' {wrong}.")
    return options


def _in_words(error: msgspec.ValidationError) -> str:
    # "Expected `int`, got `str` - at `$.running`"
    return str(error).replace("`", "'").replace("'$.", "'").replace(" - at ", ", at ")


def _mistakes(options: Options) -> Mapping[str, str | None]:
    """What is wrong with each option whose type alone does not tell."""
    return {
        "base_url": _wrong_address(options.base_url),
        "dialect": _unless_in(options.dialect, DIALECTS),
        "flavour": _wrong_flavour(options),
        "api_key": None if _is_key(options.api_key) else "holds characters that no key has",
        "reconcile": _wrong_reconciling(options),
        "watch": _wrong_watching(options),
        "running": _unless_positive(options.running),
        "creates_a_minute": _unless_positive(options.creates_a_minute),
        "ca_file": _wrong_authorities(options.ca_file),
        "profiles": next(filter(None, map(_wrong_profile, options.profiles.values())), None),
        **{name: _unless_positive(getattr(options, name)) for name in _ABOVE_ZERO},
    }


_ABOVE_ZERO = (
    "connect_timeout",
    "submit_timeout",
    "look_timeout",
    "idle_timeout",
    "download_timeout",
    "download_limit",
    "look_every",
    "pace",
)


def _wrong_address(text: str) -> str | None:
    try:
        url = parse_url(text)
    except BadUrl as error:
        return f"can't be used: {error}"
    return "has a query, which an address of an API has not" if url.query_string else None


def _wrong_flavour(options: Options) -> str | None:
    if options.flavour in FLAVOURS and options.dialect != "openai":
        return f"is for the dialect openai, not for {options.dialect}"
    return _unless_in(options.flavour, (AUTO, PLAIN, *FLAVOURS))


def _wrong_reconciling(options: Options) -> str | None:
    if options.reconcile == "list" and _has_no_list(options):
        return f"is 'list', which {options.upstream.name} has not"
    return _unless_in(options.reconcile, ("idempotency-key", "list", "none"))


def _has_no_list(options: Options) -> bool:
    return options.dialect in DIALECTS and not options.upstream.lists


def _wrong_watching(options: Options) -> str | None:
    if options.watch == "list" and _has_no_list(options):
        return f"is 'list', which {options.upstream.name} has not"
    return _unless_in(options.watch, ("auto", "each", "list"))


def _wrong_profile(profile: Profile) -> str | None:
    if _RULE.fullmatch(profile.frame_rule) is None:
        return f"has the frame_rule '{profile.frame_rule}'; one looks like 4k+1"
    return _unless_positive(profile.fps)


def _wrong_authorities(path: str | None) -> str | None:
    try:
        if path is not None:
            ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        return "is no file of certificates"
    return None


def _is_key(key: str | None) -> bool:
    return key is None or (bool(key) and key.isascii() and key.isprintable() and key == key.strip())


def _unless_in(value: str, known: Any) -> str | None:
    return None if value in known else f"is '{value}'; known ones: {', '.join(known)}"


def _unless_positive(value: float | None) -> str | None:
    return None if value is None or (value > 0 and math.isfinite(value)) else f"is a number above 0, not {value!r}"
