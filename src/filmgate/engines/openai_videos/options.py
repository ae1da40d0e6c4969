"""The engine's options, each validated."""

from __future__ import annotations

import math
import re
import ssl
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from filmgate.domain import PARAMETER_RANGES, ParameterRange
from filmgate.engines.options import EngineContext
from filmgate.errors import SettingsError
from filmgate.net.addresses import BadUrl, parse_url
from filmgate.wire.upstream import DIALECTS, FLAVOURS, Upstream

__all__ = ["KIND", "ModelProfile", "OpenAIVideosOptions", "read_options"]

KIND = "openai-videos"

AUTO = "auto"
PLAIN = "plain"

_FRAME_RULE = re.compile(r"([1-9]\d{0,3})k(?:\+(\d{1,4}))?", re.ASCII)


class ModelProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Request parameters of a model on a model server."""

    fps: int | None = None  # its frame rate, in frames a second
    frame_rule: str = "1k"  # numbers of frames that it supports: "4k+1", "8k+1"
    extra: dict[str, str | int | float | bool] = {}  # fields added to every request, e.g. its number of steps

    def frames(self, seconds: int, fps: int | None = None) -> int | None:
        """Return the frames for at least that many seconds, by the model's rule; None if its rate is not known.

        Args:
            seconds: length of the video.
            fps: a rate other than the model's.
        """
        match, fps = _FRAME_RULE.fullmatch(self.frame_rule), fps or self.fps
        if fps is None or match is None:
            return None
        step, rest = int(match[1]), int(match[2] or 0)
        return max(0, math.ceil((fps * seconds - rest) / step)) * step + rest

    def fields(self) -> dict[str, str]:
        """Return the extra fields as text."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in self.extra.items()
        }


class ParameterOption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What clients may set a parameter to; None: as far as its widest range goes."""

    minimum: float | None = None
    maximum: float | None = None

    def range(self, name: str) -> ParameterRange:
        """Return the range that it leaves of the widest one."""
        widest = PARAMETER_RANGES[name]
        return ParameterRange(
            widest.kind,
            widest.minimum if self.minimum is None else self.minimum,
            widest.maximum if self.maximum is None else self.maximum,
        )


class OpenAIVideosOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of ``[engines.NAME]``."""

    base_url: str
    dialect: str = "openai"
    flavour: str = AUTO  # of ``openai``: a model server's; "plain": none; "auto": detected from its models list
    api_key: str | None = None
    models: dict[str, str] = {}  # public name -> the upstream's
    profiles: dict[str, ModelProfile] = {}  # by public name; "*" for all others
    parameters: dict[str, ParameterOption] | None = None  # that clients may set; None: those of the flavour
    paid: bool = True
    idempotent: bool = False  # it supports Idempotency-Key
    reconcile: str = "none"  # "idempotency-key", "list" or "none": how an unknown outcome is resolved
    running: int | None = None  # jobs at once
    creates_per_minute: int | None = None
    audio: bool = True
    image_input: bool = True
    allow_hosts: list[str] = []  # private hosts that videos may be fetched from, beside its own
    ca_file: str | None = None  # PEM: authorities to trust instead of the system's
    connect_timeout: float = 10.0
    submit_timeout: float = 60.0
    poll_timeout: float = 30.0
    idle_timeout: float = 30.0
    download_timeout: float = 1800.0
    download_limit: int = 4 * 1024**3  # maximum size of a video, in bytes
    min_poll_interval: float = 1.0  # minimum seconds between two polls of a job, or of the list
    poll_mode: str = "auto"  # "each": poll each job; "list": read its list; "auto": the list from fifty jobs on
    pace: float = 15.0  # expected seconds of work per second of video, until durations are observed

    @property
    def address(self) -> str:
        """The base URL, normalised; a bare host gets the usual path ``/v1``."""
        url = parse_url(self.base_url.rstrip("/"))
        return str(url / "v1" if url.path == "/" else url)

    @property
    def upstream(self) -> Upstream:
        """The dialect or flavour that the options name."""
        return FLAVOURS.get(self.flavour, DIALECTS[self.dialect])

    @property
    def detects_flavour(self) -> bool:
        """Whether the flavour must be detected."""
        return self.dialect == "openai" and self.flavour == AUTO

    @property
    def pinned(self) -> frozenset[str]:
        """The parameters that a profile sets for every request of a model."""
        return frozenset(name for profile in self.profiles.values() for name in profile.extra)

    def parameters_of(self, upstream: Upstream) -> Mapping[str, ParameterRange]:
        """Return the parameters that clients may set: as configured, or those of the flavour that none is pinned of."""
        if self.parameters is not None:
            return {name: option.range(name) for name, option in self.parameters.items()}
        return {name: limits for name, limits in upstream.parameters.items() if name not in self.pinned}

    def profile(self, model: str) -> ModelProfile:
        """Return a model's profile, or the default one."""
        return self.profiles.get(model) or self.profiles.get("*") or ModelProfile()

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context of ``ca_file``; None for the system's authorities."""
        return None if self.ca_file is None else ssl.create_default_context(cafile=self.ca_file)


def read_options(context: EngineContext) -> OpenAIVideosOptions:
    """Read the options of an engine.

    Raises:
        SettingsError: an option is unknown or can't be used; the text names it.
    """
    known = OpenAIVideosOptions.__struct_fields__
    for name in context.options:
        if name not in known:
            raise SettingsError(
                f"Engine '{context.name}': there is no option '{name}'; known ones: {', '.join(sorted(known))}."
            )
    try:
        options = msgspec.convert(dict(context.options), OpenAIVideosOptions, strict=True)
    except msgspec.ValidationError as error:
        raise SettingsError(f"Engine '{context.name}': {_format_validation_error(error)}.") from error
    for name, wrong in _option_errors(options).items():
        if wrong:
            raise SettingsError(f"Engine '{context.name}': '{name}' {wrong}.")
    return options


def _format_validation_error(error: msgspec.ValidationError) -> str:
    # "Expected `int`, got `str` - at `$.running`"
    return str(error).replace("`", "'").replace("'$.", "'").replace(" - at ", ", at ")


def _option_errors(options: OpenAIVideosOptions) -> Mapping[str, str | None]:
    """Return the error of each option whose type alone does not validate it."""
    return {
        "base_url": _base_url_error(options.base_url),
        "dialect": _choice_error(options.dialect, DIALECTS),
        "flavour": _flavour_error(options),
        "api_key": None if _is_valid_key(options.api_key) else "contains characters that are not valid in a key",
        "reconcile": _reconcile_error(options),
        "poll_mode": _poll_mode_error(options),
        "running": _positive_error(options.running),
        "creates_per_minute": _positive_error(options.creates_per_minute),
        "ca_file": _ca_file_error(options.ca_file),
        "profiles": next(filter(None, map(_profile_error, options.profiles.values())), None),
        "parameters": next(filter(None, map(_parameter_error, (options.parameters or {}).items())), None),
        **{name: _positive_error(getattr(options, name)) for name in _POSITIVE_OPTIONS},
    }


_POSITIVE_OPTIONS = (
    "connect_timeout",
    "submit_timeout",
    "poll_timeout",
    "idle_timeout",
    "download_timeout",
    "download_limit",
    "min_poll_interval",
    "pace",
)


def _base_url_error(text: str) -> str | None:
    try:
        url = parse_url(text)
    except BadUrl as error:
        return f"can't be used: {error}"
    return "must not have a query" if url.query_string else None


def _flavour_error(options: OpenAIVideosOptions) -> str | None:
    if options.flavour in FLAVOURS and options.dialect != "openai":
        return f"is for the dialect openai, not for {options.dialect}"
    return _choice_error(options.flavour, (AUTO, PLAIN, *FLAVOURS))


def _reconcile_error(options: OpenAIVideosOptions) -> str | None:
    if options.reconcile == "list" and _lacks_list(options):
        return f"is 'list', which {options.upstream.name} does not have"
    return _choice_error(options.reconcile, ("idempotency-key", "list", "none"))


def _lacks_list(options: OpenAIVideosOptions) -> bool:
    return options.dialect in DIALECTS and not options.upstream.supports_list


def _poll_mode_error(options: OpenAIVideosOptions) -> str | None:
    if options.poll_mode == "list" and _lacks_list(options):
        return f"is 'list', which {options.upstream.name} does not have"
    return _choice_error(options.poll_mode, ("auto", "each", "list"))


def _profile_error(profile: ModelProfile) -> str | None:
    if _FRAME_RULE.fullmatch(profile.frame_rule) is None:
        return f"has the frame_rule '{profile.frame_rule}'; one looks like 4k+1"
    return _positive_error(profile.fps)


def _parameter_error(item: tuple[str, ParameterOption]) -> str | None:
    name, option = item
    if name not in PARAMETER_RANGES:
        return f"names '{name}'; known ones: {', '.join(PARAMETER_RANGES)}"
    widest, chosen = PARAMETER_RANGES[name], option.range(name)
    if not widest.minimum <= chosen.minimum <= chosen.maximum <= widest.maximum:
        return f"gives '{name}' the range {chosen}; it lies within {widest}"
    return None


def _ca_file_error(path: str | None) -> str | None:
    try:
        if path is not None:
            ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        return "is not a readable file of certificates"
    return None


def _is_valid_key(key: str | None) -> bool:
    return key is None or (bool(key) and key.isascii() and key.isprintable() and key == key.strip())


def _choice_error(value: str, known: Any) -> str | None:
    return None if value in known else f"is '{value}'; known ones: {', '.join(known)}"


def _positive_error(value: float | None) -> str | None:
    return None if value is None or (value > 0 and math.isfinite(value)) else f"must be a number above 0, not {value!r}"
