"""Base URL and key of the API, from arguments and environment: the only SDK module that reads variable names."""

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
"""Environment variables for the base URL; the first one that is set wins."""

API_KEY_VARIABLES = ("FILMGATE_API_KEY", "OPENAI_API_KEY", "API_TOKEN", "DMX_API_KEY")
"""Environment variables for the key; the first one that is set wins."""

DEFAULT_BASE_URLS = {
    "dmxapi": "https://www.dmxapi.cn/v1",
    "apiyi": "https://api.apiyi.com/v1",
    "apiyi-async": "https://api.apiyi.com/v1",
}
"""Base URLs of the vendors that have a single one; the other providers' APIs are served at many addresses."""

BARE_KEY_PROVIDERS = ("dmxapi", "apiyi-async")
"""Vendors whose authorization header holds the key alone."""

_RESOURCES = frozenset({"videos", "chat", "completions", "models"})
_VERSION = re.compile(r"v\d[a-z0-9]*")


class ApiEndpoint(Struct, frozen=True):
    """An API: base URL ending in its version, key, and the key's prefix in its header."""

    base_url: str
    api_key: str | None
    auth_prefix: str = "Bearer "  # precedes the key in its header

    def url(self, path: str) -> str:
        """Return the absolute URL of a path below the base."""
        return f"{self.base_url}/{path}"

    def is_same_origin(self, url: str) -> bool:
        """Whether the URL has the base URL's scheme and host, so that the key may be sent there."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def headers(self) -> dict[str, str]:
        """Return the authorization header; empty without a key."""
        return {"authorization": f"{self.auth_prefix}{self.api_key}"} if self.api_key else {}


def resolve_endpoint(
    base_url: str | None, api_key: str | None, environ: Mapping[str, str], provider: str | None = None
) -> ApiEndpoint:
    """Resolve the endpoint from arguments and environment; arguments win.

    Args:
        base_url: the base URL, in any spelling.
        api_key: the key.
        environ: where missing ones are looked up.
        provider: whose default base URL is used if none is given.

    Raises:
        SettingsError: the base URL is invalid or missing, the key cannot be a header value, or the provider is unknown.
    """
    key = api_key or key_from(environ)
    if provider is not None and provider not in PROVIDERS:
        raise SettingsError(f"Unknown provider '{provider}'; known ones: {', '.join(PROVIDERS)}.")
    url = normalize_base_url(base_url or base_url_from(environ) or _default_base_url(provider))
    if key is not None and not (key.isascii() and key.strip().isprintable()):
        raise SettingsError("The API key contains control or non-ASCII characters; was something else pasted?")
    return ApiEndpoint(url, key.strip() if key else None, "" if provider in BARE_KEY_PROVIDERS else "Bearer ")


def _default_base_url(provider: str | None) -> str:
    if provider is None:
        return DEFAULT_BASE_URL
    if provider not in DEFAULT_BASE_URLS:
        raise SettingsError(f"The provider '{provider}' has no default base URL: set one.")
    return DEFAULT_BASE_URLS[provider]


def key_from(environ: Mapping[str, str]) -> str | None:
    """Return the key from the environment."""
    return _first_set(environ, API_KEY_VARIABLES)


def base_url_from(environ: Mapping[str, str]) -> str | None:
    """Return the base URL from the environment, unchanged."""
    return _first_set(environ, BASE_URL_VARIABLES)


def normalize_base_url(text: str) -> str:
    """Normalize a base URL to ``https://host[/prefix]/v1``.

    Accepts it with or without scheme, ``/v1``, trailing slashes and quotes, with a doubled ``/v1/v1``, or with a pasted
    resource path: ``/v1/videos/video_1/content?variant=video``, ``/v1/chat/completions``.

    Raises:
        SettingsError: not an http URL, or one with a user name or password in it.
    """
    text = text.strip().strip("'\"").strip()
    if "://" not in text:
        text = ("http://" if _is_local(text) else "https://") + text
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"'{text}' is not the URL of an API; one looks like https://api.example.com/v1.")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "The base URL contains a user name or password, which would appear in output; pass the key separately."
        )
    segments = _above_resources([segment for segment in parts.path.split("/") if segment])
    while len(segments) > 1 and segments[-1] == segments[-2] and _VERSION.fullmatch(segments[-1]):
        segments.pop()
    if not segments or not _VERSION.fullmatch(segments[-1]):
        segments.append("v1")
    return urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(segments), "", ""))


def _above_resources(segments: list[str]) -> list[str]:
    """Return the path without a pasted resource."""
    for index, segment in enumerate(segments):
        if segment in _RESOURCES and (
            index == 0 or _VERSION.fullmatch(segments[index - 1]) or index == len(segments) - 1
        ):
            return segments[:index]
    return segments


def _is_local(text: str) -> bool:
    host = text.partition("/")[0].rpartition("@")[2]
    return host.startswith(("localhost", "127.", "[::1]", "0.0.0.0"))  # noqa: S104 - compared, not bound


def _first_set(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name, "").strip()), None)
