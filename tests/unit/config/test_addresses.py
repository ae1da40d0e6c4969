"""The settings that hold addresses."""

from __future__ import annotations

import pytest

from filmgate.config.settings import load
from filmgate.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", ""),
        ("https://videos.example", "https://videos.example"),
        ("https://videos.example/", "https://videos.example"),
        ("HTTPS://videos.example/sora/", "https://videos.example/sora"),
        ("http://[2001:db8::1]:8000/a/b", "http://[2001:db8::1]:8000/a/b"),
        ("http://container_1:8000", "http://container_1:8000"),
    ],
)
def test_a_public_url(text: str, url: str) -> None:
    """A host, perhaps a port and a path; without a slash at its end."""
    assert load(environ={"FILMGATE_PUBLIC_URL": text}).public_url == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("videos.example", "http://"),
        ("ftp://videos.example", "http://"),
        ("https://", "host"),
        ("https://videos.example:99999", "host"),
        ("https://[::1", "IPv6"),
        ("https://[::g]", "IPv6|host"),
        ("https://видео.example", "ASCII"),
        ("https://videos.example/a b", "path"),
        ("https://videos.example/a/../b", "path"),
        ("https://videos.example//evil.example", "path"),
        ("https://videos.example/?key=1", "path"),
        ("https://videos.example/#v1", "path"),
        ("https://videos.example/v1", "before the /v1"),
    ],
)
def test_a_wrong_public_url(text: str, reason: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(SettingsError, match=reason) as caught:
        load(environ={"FILMGATE_PUBLIC_URL": text})
    assert text in str(caught.value)


def test_a_password_in_a_public_url_is_not_shown() -> None:
    """Start-up errors end up in logs."""
    with pytest.raises(SettingsError, match="user name or password") as caught:
        load(environ={"FILMGATE_PUBLIC_URL": "https://user:secret@videos.example"})
    assert "secret" not in str(caught.value)


def test_proxies_are_addresses_and_networks() -> None:
    """An address is a network of one; none means that no proxy is believed."""
    environ = {"FILMGATE_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7, fd00::/8"}
    assert load(environ=environ).trusted_proxies == ("10.0.0.0/8", "192.0.2.7/32", "fd00::/8")
    assert load(environ={"FILMGATE_TRUSTED_PROXIES": ""}).trusted_proxies == ()
    assert load().trusted_proxies == ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "*", "10.0.0.0/33"])
def test_a_proxy_that_is_no_address(text: str) -> None:
    """Names are not resolved: their addresses may change hands."""
    with pytest.raises(SettingsError, match="trusted_proxies"):
        load(environ={"FILMGATE_TRUSTED_PROXIES": text})


def test_origins_are_written_as_browsers_do() -> None:
    """In lower case, without a slash at the end; apps have schemes of their own, files have ``null``."""
    environ = {"FILMGATE_ALLOW_ORIGINS": "https://Page.example/, http://localhost:5173, tauri://localhost, null"}
    origins = ("https://page.example", "http://localhost:5173", "tauri://localhost", "null")
    assert load(environ=environ).allow_origins == origins
    assert load(environ={"FILMGATE_ALLOW_ORIGINS": ""}).allow_origins == ()
    assert load().allow_origins == ("*",)


@pytest.mark.parametrize("text", ["page.example", "https://page.example/path", "*, https://page.example", "https://"])
def test_an_origin_that_no_browser_sends(text: str) -> None:
    """It would never match."""
    with pytest.raises(SettingsError, match="allow_origins"):
        load(environ={"FILMGATE_ALLOW_ORIGINS": text})
