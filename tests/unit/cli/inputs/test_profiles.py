"""Profiles: what counts more than what, and that no key goes where it was not meant to."""

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


def test_an_option_counts_more_than_the_environment() -> None:
    """Value by value; the environment's key goes to an address without another."""
    found = resolve_target(
        Overrides(base_url="https://x.example", provider="chat"),
        {**OURS, "FILMGATE_PROVIDER": "apiyi"},
        ConnectionProfile(),
    )
    assert found == ApiTarget(base_url="https://x.example", provider="chat", api_key="fg-ours")
    assert resolve_target(Overrides(api_key="k"), OURS, ConnectionProfile()).api_key == "k"


def test_an_option_counts_more_than_a_profile() -> None:
    """A profile that an option names is what the other options change."""
    given = Overrides(base_url="https://x.example", profile="vendor")
    found = resolve_target(given, OURS, VENDOR)
    assert (found.base_url, found.provider, found.api_key) == ("https://x.example", "dmxapi", "sk-dmx")
    assert resolve_target(Overrides(api_key="k", provider="chat", profile="vendor"), OURS, VENDOR).provider == "chat"


def test_the_environment_counts_more_than_a_profile_of_the_file() -> None:
    """And takes its own key along: the profile's stays at home, its dialect too."""
    found = resolve_target(Overrides(), OURS, VENDOR)
    assert (found.base_url, found.provider, found.api_key) == ("https://ours.example", None, "fg-ours")
    assert (
        resolve_target(Overrides(), {"OPENAI_BASE_URL": "https://o.example", "DMX_API_KEY": "k"}, VENDOR).provider
        is None
    )
    private = ConnectionProfile(base_url="https://vendor.example", key_file="key")
    assert (
        resolve_target(Overrides(), {"API_URL": "https://o.example"}, private, lambda _path: "secret").api_key is None
    )


def test_a_profile_that_an_option_names_is_an_option() -> None:
    """Its address and its key are taken together, whatever the environment holds."""
    found = resolve_target(NAMED, OURS, VENDOR)
    assert (found.base_url, found.provider, found.api_key) == ("https://vendor.example", "dmxapi", "sk-dmx")


def test_a_profile_counts_where_nothing_else_is_said() -> None:
    """The environment's key helps out a profile that has none; a key that it names must be there."""
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


def test_a_vendor_with_one_address_needs_none() -> None:
    """Its key does not go to an address that stands around for something else."""
    found = resolve_target(NAMED, OURS, ConnectionProfile(provider="dmxapi", key_env="DMX_API_KEY"))
    assert (found.base_url, found.api_key) == ("https://www.dmxapi.cn/v1", "sk-dmx")
    assert (
        resolve_target(Overrides(provider="apiyi"), {"API_TOKEN": "t"}, ConnectionProfile()).base_url
        == "https://api.apiyi.com/v1"
    )
    assert resolve_target(Overrides(), {}, ConnectionProfile()) == ApiTarget()


@pytest.mark.parametrize("table", [{"api_key": "sk-1"}, {"colour": "red"}, {"base_url": 7}])
def test_what_a_profile_cannot_say_is_told(table: dict[str, object]) -> None:
    """A key that is written down above all."""
    with pytest.raises(SettingsError, match="vendor"):
        find_profile("vendor", {"vendor": table}, Path("filmgate.toml"))
    with pytest.raises(SettingsError, match="known ones: vendor"):
        find_profile("nobody", {"vendor": {}}, Path("filmgate.toml"))


@pytest.mark.parametrize("group", ["profiles", "engines"])
def test_an_address_holds_no_password(cli: Cli, tmp_path: Path, group: str) -> None:
    """It would be stored and shown in the clear."""
    config = tmp_path / "filmgate.toml"
    config.write_text(f'[{group}.a]\nbase_url = "https://me:secret@vendor.example/v1"\n', encoding="utf-8")
    ran = cli("config", "check", "--config", str(config))
    assert ran.code == 2
    assert "user name or password" in ran.out
    assert "secret" not in ran.out + ran.err
