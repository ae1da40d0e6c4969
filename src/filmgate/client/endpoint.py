"""Where the SDK talks to and with which key: the only place in it that knows the environment's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from filmgate.errors import SettingsError
from filmgate.wire.providers import PROVIDERS

__all__ = [
    "API_KEY_VARIABLES",
    "BASE_URL_VARIABLES",
    "DEFAULT_BASE_URL",
    "DEFAULT_BASE_URLS",
    "ApiEndpoint",
    "base_url_from",
    "key_from",
    "normalize_base_url",
    "resolve_endpoint",
]

DEFAULT_BASE_URL = "http://127.0.0.1:8000/v1"

BASE_URL_VARIABLES = ("FILMGATE_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "API_URL")
"""Environment variables that may hold the address, the first one that does wins."""

API_KEY_VARIABLES = ("FILMGATE_API_KEY", "OPENAI_API_KEY", "API_TOKEN", "DMX_API_KEY")
"""Environment variables that may hold the key, the first one that does wins."""

DEFAULT_BASE_URLS = {
    "dmxapi": "https://www.dmxapi.cn/v1",
    "apiyi": "https://api.apiyi.com/v1",
    "apiyi-async": "https://api.apiyi.com/v1",
}
"""Where those vendors are that have one address; the others are whoever speaks so."""

BARE_KEY_PROVIDERS = ("dmxapi", "apiyi-async")
"""Vendors whose key stands alone in its header."""

_RESOURCES = frozenset({"videos", "chat", "completions", "models"})
_VERSION = re.compile(r"v\d+[a-z0-9]*")


class ApiEndpoint(Struct, frozen=True):
    """An API: its address, ending in its version, a key for it, and how that is shown."""

    base_url: str
    api_key: str | None
    auth_prefix: str = "Bearer "  # stands before the key in its header

    def url(self, path: str) -> str:
        """The whole address of a path below the base."""
        return f"{self.base_url}/{path}"

    def is_same_origin(self, url: str) -> bool:
        """Whether the address is of the same host, so that the key may go there."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def headers(self) -> dict[str, str]:
        """The key's header."""
        return {"authorization": f"{self.auth_prefix}{self.api_key}"} if self.api_key else {}


def resolve_endpoint(
    base_url: str | None, api_key: str | None, environ: Mapping[str, str], provider: str | None = None
) -> ApiEndpoint:
    """The endpoint that arguments and environment name; arguments win.

    Args:
        base_url: the address, in any spelling.
        api_key: the key.
        environ: where they are looked for else.
        provider: whose address it is where nobody says.

    Raises:
        SettingsError: the address is none, the key can't stand in a header, or the provider is unknown.
    """
    key = api_key or key_from(environ)
    if provider is not None and provider not in PROVIDERS:
        raise SettingsError(f"There is no provider '{provider}'; known ones: {', '.join(PROVIDERS)}.")
    address = normalize_base_url(base_url or base_url_from(environ) or _default_base_url(provider))
    if key is not None and not (key.isascii() and key.strip().isprintable()):
        raise SettingsError("The API key holds characters that no key has; was something else pasted?")
    return ApiEndpoint(address, key.strip() if key else None, "" if provider in BARE_KEY_PROVIDERS else "Bearer ")


def _default_base_url(provider: str | None) -> str:
    if provider is None:
        return DEFAULT_BASE_URL
    if provider not in DEFAULT_BASE_URLS:
        raise SettingsError(f"Many servers speak like '{provider}': say which one, by its base URL.")
    return DEFAULT_BASE_URLS[provider]


def key_from(environ: Mapping[str, str]) -> str | None:
    """The key that the environment names."""
    return _first_set(environ, API_KEY_VARIABLES)


def base_url_from(environ: Mapping[str, str]) -> str | None:
    """The address that the environment names, as it stands there."""
    return _first_set(environ, BASE_URL_VARIABLES)


def normalize_base_url(text: str) -> str:
    """The base address in its one spelling: ``https://host[/prefix]/v1``.

    Takes it with or without scheme, ``/v1``, trailing slashes and quotes, with a doubled ``/v1/v1``, or with what was
    pasted along: ``/v1/videos/video_1/content?variant=video``, ``/v1/chat/completions``.

    Raises:
        SettingsError: not an http address, or one with a user name or password in it.
    """
    text = text.strip().strip("'\"").strip()
    if "://" not in text:
        text = ("http://" if _is_local(text) else "https://") + text
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"'{text}' is not an address of an API; one looks like https://api.example.com/v1.")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "The base URL holds a user name or password, which would be shown in the clear; give the key beside it."
        )
    steps = _above_resources([step for step in parts.path.split("/") if step])
    while len(steps) > 1 and steps[-1] == steps[-2] and _VERSION.fullmatch(steps[-1]):
        steps.pop()
    if not steps or not _VERSION.fullmatch(steps[-1]):
        steps.append("v1")
    return urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(steps), "", ""))


def _above_resources(steps: list[str]) -> list[str]:
    """The path without the resource that was pasted along with it."""
    for place, step in enumerate(steps):
        if step in _RESOURCES and (place == 0 or _VERSION.fullmatch(steps[place - 1]) or place == len(steps) - 1):
            return steps[:place]
    return steps


def _is_local(text: str) -> bool:
    host = text.partition("/")[0].rpartition("@")[2]
    return host.startswith(("localhost", "127.", "[::1]", "0.0.0.0"))


def _first_set(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name, "").strip()), None)
