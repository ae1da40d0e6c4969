"""Base URLs and keys in every spelling."""

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
def test_a_base_url_is_normalized(given: str, expected: str) -> None:
    """With or without scheme, version, slashes and a pasted resource path."""
    assert normalize_base_url(given) == expected


@pytest.mark.parametrize("given", ["ftp://example.com", "http://", "file:///etc"])
def test_an_invalid_base_url_is_rejected(given: str) -> None:
    """The error quotes it."""
    with pytest.raises(SettingsError, match="not the URL"):
        normalize_base_url(given)


def test_arguments_win_over_the_environment() -> None:
    """For base URL and key."""
    environ = {"OPENAI_BASE_URL": "https://other.example", "OPENAI_API_KEY": "other"}
    endpoint = resolve_endpoint("https://mine.example", "mine", environ)
    assert (endpoint.base_url, endpoint.api_key) == ("https://mine.example/v1", "mine")


def test_the_first_set_variable_wins() -> None:
    """Filmgate's own variables come first; blank ones count as unset."""
    environ = {"FILMGATE_API_KEY": " ", "OPENAI_API_KEY": "openai", "DMX_API_KEY": "dmx", "API_URL": "a.example"}
    endpoint = resolve_endpoint(None, None, environ)
    assert (endpoint.base_url, endpoint.api_key) == ("https://a.example/v1", "openai")


def test_the_default_is_the_local_server() -> None:
    """Without arguments and variables, and without a key."""
    endpoint = resolve_endpoint(None, None, {})
    assert (endpoint.base_url, endpoint.api_key) == (DEFAULT_BASE_URL, None)


def test_a_key_that_cannot_be_a_header_is_rejected() -> None:
    """A pasted sentence is detected before a request fails with it."""
    with pytest.raises(SettingsError, match="API key"):
        resolve_endpoint(None, "密钥", {})


@pytest.mark.parametrize("provider", ["openai", "chat", "unknown"])
def test_a_provider_without_a_default_url_needs_a_base_url(provider: str) -> None:
    """Many servers use its dialect; an unknown provider is rejected too."""
    with pytest.raises(SettingsError, match=provider):
        resolve_endpoint(None, None, {}, provider)
    assert resolve_endpoint(None, None, {}, "dmxapi").base_url == "https://www.dmxapi.cn/v1"


def test_a_base_url_with_a_password_is_rejected() -> None:
    """The password would appear in output and replace the key."""
    with pytest.raises(SettingsError, match="user name or password"):
        normalize_base_url("https://me:secret@vendor.example/v1")
