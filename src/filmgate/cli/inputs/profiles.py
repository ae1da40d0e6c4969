"""Resolves options, environment and profile to the API that a command calls and the defaults of videos. Pure.

Base URL, dialect and key belong together. The first of these that sets a base URL decides:

1. ``--base-url``, or the profile of ``--profile``: both are options;
2. the environment: ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …;
3. the profile of ``FILMGATE_PROFILE`` or of ``profile`` in the file.

A key is sent only to the base URL that it was set with. The environment's key is sent to any base URL without a key of
its own; a profile's key is sent only to the profile's own base URL, or to the ``--base-url`` beside ``--profile``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from filmgate.client.endpoint import DEFAULT_BASE_URLS, base_url_from, key_from
from filmgate.config.settings import has_no_credentials
from filmgate.errors import SettingsError

__all__ = ["PROVIDER_VARIABLE", "ApiTarget", "ConnectionProfile", "Overrides", "find_profile", "resolve_target"]

PROVIDER_VARIABLE = "FILMGATE_PROVIDER"
"""The environment variable that sets the dialect."""


class ConnectionProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[profiles.NAME]``; it names where its key is, and never holds it."""

    base_url: str | None = None
    provider: str | None = None
    key_env: str | None = None  # environment variable with the key
    key_file: str | None = None  # file with the key
    model: str | None = None
    size: str | None = None
    seconds: str | int | None = None
    out: str | None = None  # where videos are saved, like -o

    @property
    def video_defaults(self) -> dict[str, str]:
        """Default parameters of videos, by the names of :class:`filmgate.cli.inputs.prompts.VideoSpec`."""
        fields = {"model": self.model, "size": self.size, "seconds": self.seconds, "output": self.out}
        return {name: str(value) for name, value in fields.items() if value is not None}


class Overrides(Struct, frozen=True, kw_only=True):
    """Options of the command line."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    profile: str | None = None


class ApiTarget(Struct, frozen=True, kw_only=True):
    """The API that a command calls. No base URL: the provider's own, or the engine in this process."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    video_defaults: Mapping[str, str] = {}


class _SettingSource(Struct, frozen=True):
    base_url: str | None = None
    provider: str | None = None
    api_key: str | None = None


def find_profile(name: str, tables: Mapping[str, Mapping[str, object]], file: Path | None) -> ConnectionProfile:
    """Return the profile with this name.

    Raises:
        SettingsError: the profile does not exist or is invalid.
    """
    if name not in tables:
        known = ", ".join(sorted(tables)) or "none"
        where = file or "your filmgate.toml (one in the current folder is read only with --config)"
        raise SettingsError(f"There is no profile '{name}' in {where}; known ones: {known}.")
    if "api_key" in tables[name]:
        raise SettingsError(
            f"{file}: [profiles.{name}]: 'api_key' is not allowed in this file; set 'key_env' to the environment "
            "variable with the key, or 'key_file' to a file with it."
        )
    if not has_no_credentials(tables[name].get("base_url")):
        raise SettingsError(
            f"{file}: [profiles.{name}]: 'base_url' must not contain a user name or password; use 'key_env' or "
            "'key_file'."
        )
    try:
        return msgspec.convert(tables[name], ConnectionProfile)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{file}: [profiles.{name}]: {error}") from error


def resolve_target(
    overrides: Overrides,
    environ: Mapping[str, str],
    profile: ConnectionProfile,
    read_key: Callable[[str], str] = lambda _path: "",
) -> ApiTarget:
    """Return the API to call and the defaults of videos.

    Args:
        overrides: options of the command line.
        environ: environment variables.
        profile: the selected profile, or an empty one.
        read_key: reads a key file.

    Raises:
        SettingsError: the profile's environment variable with the key is not set.
    """
    options = _SettingSource(overrides.base_url, overrides.provider, overrides.api_key)
    environment = _SettingSource(base_url_from(environ), environ.get(PROVIDER_VARIABLE) or None, key_from(environ))
    profile_url = profile.base_url or DEFAULT_BASE_URLS.get(profile.provider or "")
    from_profile = _SettingSource(profile_url, profile.provider, _key(profile, environ, read_key))
    order = [options, from_profile, environment] if overrides.profile else [options, environment, from_profile]
    url_source = next((source for source in order if source.base_url), None)
    allow_profile = url_source in (None, from_profile) or bool(overrides.profile)
    others = [source for source in order if source is not from_profile or allow_profile]
    precedence = [options, *([url_source] if url_source else []), *others]
    provider = next((source.provider for source in precedence if source.provider), None)
    if url_source is from_profile and profile.key_env and not (overrides.api_key or from_profile.api_key):
        raise SettingsError(f"The profile reads its key from {profile.key_env}, which is not set.")
    return ApiTarget(
        base_url=url_source.base_url if url_source else DEFAULT_BASE_URLS.get(provider or ""),
        provider=provider,
        api_key=next((source.api_key for source in precedence if source.api_key), None),
        video_defaults=profile.video_defaults,
    )


def _key(profile: ConnectionProfile, environ: Mapping[str, str], read_key: Callable[[str], str]) -> str | None:
    if profile.key_env:
        return environ.get(profile.key_env)
    return read_key(profile.key_file).strip() if profile.key_file else None
