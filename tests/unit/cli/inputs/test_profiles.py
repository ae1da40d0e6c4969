"""Profiles: precedence, and that a key is sent only to its own base URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from filmgate.cli.inputs.profiles import ApiTarget, ConnectionProfile, Overrides, find_profile, resolve_target
from filmgate.errors import SettingsError

if TYPE_CHECKING:
    from tests.support.cli import Cli

VENDOR = ConnectionProfile(base_url="https://vendor.example", provider="dmxapi", key_env="DMX_API_KEY", size="1280x720")
OURS = {"FILMGATE_BASE_URL": "https://ours.example", "FILMGATE_API_KEY": "fg-ours", "DMX_API_KEY": "sk-dmx"}
NAMED = Overrides(profile="vendor")


def test_an_option_overrides_the_environment() -> None:
    """Value by value; the environment's key is sent to a base URL without a key."""
    target = resolve_target(
        Overrides(base_url="https://x.example", provider="chat"),
        {**OURS, "FILMGATE_PROVIDER": "apiyi"},
        ConnectionProfile(),
    )
    assert target == ApiTarget(base_url="https://x.example", provider="chat", api_key="fg-ours")
    assert resolve_target(Overrides(api_key="k"), OURS, ConnectionProfile()).api_key == "k"


def test_an_option_overrides_a_profile() -> None:
    """A profile named by an option is changed by the other options."""
    overrides = Overrides(base_url="https://x.example", profile="vendor")
    target = resolve_target(overrides, OURS, VENDOR)
    assert (target.base_url, target.provider, target.api_key) == ("https://x.example", "dmxapi", "sk-dmx")
    assert resolve_target(Overrides(api_key="k", provider="chat", profile="vendor"), OURS, VENDOR).provider == "chat"


def test_the_environment_overrides_a_profile_of_the_file() -> None:
    """With its own key: the profile's key and dialect are not used."""
    target = resolve_target(Overrides(), OURS, VENDOR)
    assert (target.base_url, target.provider, target.api_key) == ("https://ours.example", None, "fg-ours")
    assert (
        resolve_target(Overrides(), {"OPENAI_BASE_URL": "https://o.example", "DMX_API_KEY": "k"}, VENDOR).provider
        is None
    )
    private = ConnectionProfile(base_url="https://vendor.example", key_file="key")
    assert (
        resolve_target(Overrides(), {"API_URL": "https://o.example"}, private, lambda _path: "secret").api_key is None
    )


def test_a_profile_named_by_an_option_overrides_the_environment() -> None:
    """Base URL and key are used together, whatever the environment holds."""
    target = resolve_target(NAMED, OURS, VENDOR)
    assert (target.base_url, target.provider, target.api_key) == ("https://vendor.example", "dmxapi", "sk-dmx")


def test_a_profile_applies_where_nothing_else_is_set() -> None:
    """A profile without a key uses the environment's; a key variable that it names must be set."""
    assert resolve_target(Overrides(), {"DMX_API_KEY": "sk-dmx"}, VENDOR).api_key == "sk-dmx"
    assert (
        resolve_target(NAMED, {"OPENAI_API_KEY": "k"}, ConnectionProfile(base_url="https://v.example")).api_key == "k"
    )
    with pytest.raises(SettingsError, match="DMX_API_KEY"):
        resolve_target(NAMED, {"OPENAI_API_KEY": "k"}, VENDOR)
    assert (
        resolve_target(
            NAMED, {}, ConnectionProfile(base_url="https://v.example", key_file="k"), lambda path: f"{path}!\n"
        ).api_key
        == "k!"
    )


def test_a_vendor_with_a_known_base_url_needs_none() -> None:
    """Its key is not sent to a base URL from the environment."""
    target = resolve_target(NAMED, OURS, ConnectionProfile(provider="dmxapi", key_env="DMX_API_KEY"))
    assert (target.base_url, target.api_key) == ("https://www.dmxapi.cn/v1", "sk-dmx")
    assert (
        resolve_target(Overrides(provider="apiyi"), {"API_TOKEN": "t"}, ConnectionProfile()).base_url
        == "https://api.apiyi.com/v1"
    )
    assert resolve_target(Overrides(), {}, ConnectionProfile()) == ApiTarget()


@pytest.mark.parametrize("table", [{"api_key": "sk-1"}, {"colour": "red"}, {"base_url": 7}])
def test_an_invalid_profile_is_an_error(table: dict[str, object]) -> None:
    """Above all a key in the file."""
    with pytest.raises(SettingsError, match="vendor"):
        find_profile("vendor", {"vendor": table}, Path("filmgate.toml"))
    with pytest.raises(SettingsError, match="known ones: vendor"):
        find_profile("missing", {"vendor": {}}, Path("filmgate.toml"))


@pytest.mark.parametrize("group", ["profiles", "engines"])
def test_a_base_url_with_a_password_is_an_error(cli: Cli, tmp_path: Path, group: str) -> None:
    """It would be stored and shown in plain text."""
    config = tmp_path / "filmgate.toml"
    config.write_text(f'[{group}.a]\nbase_url = "https://me:secret@vendor.example/v1"\n', encoding="utf-8")
    ran = cli("config", "check", "--config", str(config))
    assert ran.code == 2
    assert "user name or password" in ran.out
    assert "secret" not in ran.out + ran.err
