"""Addresses and keys, in every spelling that people have."""

from __future__ import annotations

import pytest

from filmgate.client.endpoint import DEFAULT_BASE_URL, normalize_base_url, resolve_endpoint
from filmgate.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://api.example.com", "https://api.example.com/v1"),
        ("https://api.example.com/", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1//", "https://api.example.com/v1"),
        ("https://api.example.com/v1/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1/videos", "https://api.example.com/v1"),
        ("https://api.example.com/v1/videos/video_1", "https://api.example.com/v1"),
        ("https://api.example.com/v1/videos/video_1/content?variant=video", "https://api.example.com/v1"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/dmxapi/v1/v1/models/", "https://api.example.com/dmxapi/v1"),
        ("https://api.example.com/chat/completions", "https://api.example.com/v1"),
        ("https://videos.example.com/videos", "https://videos.example.com/v1"),
        ('"https://api.example.com/v1"', "https://api.example.com/v1"),
        ("https://api.example.com/proxy/v2", "https://api.example.com/proxy/v2"),
        ("  api.example.com ", "https://api.example.com/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_every_spelling_of_an_address_is_the_same_address(given: str, expected: str) -> None:
    """With or without scheme, version and slashes, the base address has one form."""
    assert normalize_base_url(given) == expected


@pytest.mark.parametrize("given", ["ftp://example.com", "http://", "file:///etc"])
def test_what_is_no_address_is_refused(given: str) -> None:
    """An address that no API can have names itself in the error."""
    with pytest.raises(SettingsError, match="not the URL"):
        normalize_base_url(given)


def test_arguments_win_over_the_environment() -> None:
    """What the program says counts more than what the environment says."""
    environ = {"OPENAI_BASE_URL": "https://other.example", "OPENAI_API_KEY": "other"}
    found = resolve_endpoint("https://mine.example", "mine", environ)
    assert (found.base_url, found.api_key) == ("https://mine.example/v1", "mine")


def test_the_first_name_of_the_environment_wins() -> None:
    """Our own variables come before those of other programs, empty ones count as absent."""
    environ = {"FILMGATE_API_KEY": " ", "OPENAI_API_KEY": "openai", "DMX_API_KEY": "dmx", "API_URL": "a.example"}
    found = resolve_endpoint(None, None, environ)
    assert (found.base_url, found.api_key) == ("https://a.example/v1", "openai")


def test_without_any_word_it_is_the_server_on_this_machine() -> None:
    """Nothing configured means the local server, without a key."""
    found = resolve_endpoint(None, None, {})
    assert (found.base_url, found.api_key) == (DEFAULT_BASE_URL, None)


def test_a_key_that_no_header_can_carry_is_refused() -> None:
    """A pasted sentence is told from a key before it breaks the request."""
    with pytest.raises(SettingsError, match="API key"):
        resolve_endpoint(None, "密钥", {})


@pytest.mark.parametrize("provider", ["openai", "chat", "nobody"])
def test_a_vendor_without_an_address_of_its_own_needs_one(provider: str) -> None:
    """Which of the servers that speak so is meant can't be guessed."""
    with pytest.raises(SettingsError, match=provider):
        resolve_endpoint(None, None, {}, provider)
    assert resolve_endpoint(None, None, {}, "dmxapi").base_url == "https://www.dmxapi.cn/v1"


def test_an_address_holds_no_password() -> None:
    """It would be shown in the clear, and stand in the key's place."""
    with pytest.raises(SettingsError, match="user name or password"):
        normalize_base_url("https://me:secret@vendor.example/v1")
