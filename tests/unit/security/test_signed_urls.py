"""URLs that work without an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.errors import NotAllowed, SettingsError
from filmgate.security import keyfile
from filmgate.security.signed_urls import MAX_LIFETIME, UrlSigner

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
SIGNER = UrlSigner(b"k" * 32, lambda: NOW)


def test_a_signed_url_is_valid_for_its_target_until_it_expires() -> None:
    """It is valid for nothing else, and not a second longer."""
    query = dict(parse_qsl(SIGNER.signed_query("video_1", "video")))
    SIGNER.verify("video_1", "video", query)
    for video_id, variant in (("video_2", "video"), ("video_1", "preview")):
        with pytest.raises(NotAllowed, match="not valid"):
            SIGNER.verify(video_id, variant, query)
    with pytest.raises(NotAllowed, match="expired"):
        UrlSigner(b"k" * 32, lambda: NOW + MAX_LIFETIME).verify("video_1", "video", query)
    with pytest.raises(NotAllowed, match="not valid"):
        UrlSigner(b"l" * 32, lambda: NOW).verify("video_1", "video", query)


def test_a_signed_url_expires_with_its_content() -> None:
    """A video that is kept for a minute has URLs for a minute."""
    assert "expires=1800000060&" in SIGNER.signed_query("video_1", "video", expires_at=NOW + 60)


@given(st.dictionaries(st.sampled_from(["expires", "signature"]), st.text(st.characters(exclude_categories=()))))
def test_arbitrary_signatures_are_refused(query: dict[str, str]) -> None:
    """Any query without a valid signature is refused with the same error."""
    with pytest.raises(NotAllowed):
        SIGNER.verify("video_1", "video", query)


def test_the_key_is_created_once_and_kept_private(tmp_path: Path) -> None:
    """It has 32 bytes that only the user can read; the error for a damaged file names it."""
    path = tmp_path / "secrets" / "links.key"
    key = keyfile.load_or_create(path)
    assert (len(key), keyfile.load_or_create(path), path.stat().st_mode & 0o777) == (32, key, 0o600)
    assert [each.name for each in path.parent.iterdir()] == ["links.key"]
    path.write_bytes(b"short")
    with pytest.raises(SettingsError, match="damaged"):
        keyfile.load_or_create(path)
