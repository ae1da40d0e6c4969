"""How keys are read from requests, and how they are masked."""

from __future__ import annotations

import pytest

from filmgate.server.auth import mask, read_key


@pytest.mark.parametrize(
    "header", [b"Bearer k-1", b"bearer k-1", b"BEARER   k-1  ", b"k-1", b"  k-1 ", b"Bearer\tk-1", b"bEaReR k-1"]
)
def test_every_spelling_of_a_key_is_read(header: bytes) -> None:
    """The scheme may have any case or be absent, and white space is ignored."""
    assert read_key([(b"host", b"x"), (b"authorization", header)]) == "k-1"


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Bearer ", b"   "])
def test_a_header_without_a_key_is_empty(header: bytes) -> None:
    """The scheme alone is no key."""
    assert read_key([(b"authorization", header)]) == ""


@pytest.mark.parametrize("secret", ["s", "sk-short", "sk-0123456789", "sk-0123456789abcdef0123456789"])
def test_a_masked_key_is_never_whole(secret: str) -> None:
    """At most seven characters of a key are shown, and never half of it."""
    shown = mask(secret).replace("…", "")
    assert len(shown) <= min(7, len(secret) / 2)
