"""Where a command goes and what its films are like: options, environment and profile, held against each other. Pure.

The address, its dialect and its key belong together. The first of these that names an address decides:

1. ``--base-url``, or a profile that ``--profile`` names: an option either way;
2. the environment: ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …;
3. the profile that ``FILMGATE_PROFILE`` or the file's ``profile`` names.

A key goes to the address that it was given with. The environment's goes wherever no other was given for; a profile's
goes nowhere but to the profile's own address, or to the one that stands beside ``--profile``.
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
"""The environment variable that names the dialect."""


class ConnectionProfile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[profiles.NAME]``; its key is named, never written."""

    base_url: str | None = None
    provider: str | None = None
    key_env: str | None = None  # the environment variable that holds the key
    key_file: str | None = None  # the file that does
    model: str | None = None
    size: str | None = None
    seconds: str | int | None = None
    out: str | None = None  # where films are saved: as -o

    @property
    def video_defaults(self) -> dict[str, str]:
        """What its films are like, by the names of :class:`filmgate.cli.inputs.prompts.VideoSpec`."""
        said = {"model": self.model, "size": self.size, "seconds": self.seconds, "output": self.out}
        return {name: str(value) for name, value in said.items() if value is not None}


class Overrides(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    profile: str | None = None


class ApiTarget(Struct, frozen=True, kw_only=True):
    """Where the command goes. No address: to the provider's own, or to the engine in this process."""

    base_url: str | None = None
    api_key: str | None = None
    provider: str | None = None
    video_defaults: Mapping[str, str] = {}


class _SettingSource(Struct, frozen=True):
    base_url: str | None = None
    provider: str | None = None
    api_key: str | None = None


def find_profile(name: str, tables: Mapping[str, Mapping[str, object]], file: Path | None) -> ConnectionProfile:
    """The profile of that name.

    Raises:
        SettingsError: there is none, or it says what a profile can't.
    """
    if name not in tables:
        known = ", ".join(sorted(tables)) or "none"
        where = file or "your filmgate.toml (one in this folder counts only where --config names it)"
        raise SettingsError(f"There is no profile '{name}' in {where}; known ones: {known}.")
    if "api_key" in tables[name]:
        raise SettingsError(
            f"{file}: [profiles.{name}]: 'api_key' can't stand in a file; name the environment variable that holds "
            "the key ('key_env') or a file of its own ('key_file')."
        )
    if not has_no_credentials(tables[name].get("base_url")):
        raise SettingsError(
            f"{file}: [profiles.{name}]: 'base_url' can't hold a user name or password; name the key by 'key_env' or "
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
    """Where the command goes, and what its films are like where it does not say.

    Args:
        overrides: the command line.
        environ: the environment.
        profile: the one that anybody named, or an empty one.
        read_key: reads a key's file.

    Raises:
        SettingsError: the profile's key is not where it says.
    """
    options = _SettingSource(overrides.base_url, overrides.provider, overrides.api_key)
    around = _SettingSource(base_url_from(environ), environ.get(PROVIDER_VARIABLE) or None, key_from(environ))
    address = profile.base_url or DEFAULT_BASE_URLS.get(profile.provider or "")
    named = _SettingSource(address, profile.provider, _key(profile, environ, read_key))
    order = [options, named, around] if overrides.profile else [options, around, named]
    home = next((source for source in order if source.base_url), None)
    beside = [source for source in order if source is not named or home in (None, named) or bool(overrides.profile)]
    nearest = [options, *([home] if home else []), *beside]
    provider = next((source.provider for source in nearest if source.provider), None)
    if home is named and profile.key_env and not (overrides.api_key or named.api_key):
        raise SettingsError(f"The profile's key is to be in {profile.key_env}, but there is no such variable.")
    return ApiTarget(
        base_url=home.base_url if home else DEFAULT_BASE_URLS.get(provider or ""),
        provider=provider,
        api_key=next((source.api_key for source in nearest if source.api_key), None),
        video_defaults=profile.video_defaults,
    )


def _key(profile: ConnectionProfile, environ: Mapping[str, str], read_key: Callable[[str], str]) -> str | None:
    if profile.key_env:
        return environ.get(profile.key_env)
    return read_key(profile.key_file).strip() if profile.key_file else None
