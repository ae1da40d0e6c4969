"""URLs that work without an API key: signed and limited in time, since a chat program can't send a key.

A URL names a video, a variant of its content and an expiry time; the signature is an HMAC-SHA256 over the three.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from filmgate.errors import NotAllowed

__all__ = ["MAX_LIFETIME", "UrlSigner"]

MAX_LIFETIME = 24 * 3600
"""Seconds that a link opens, if its video is kept that long."""


class UrlSigner:
    """Signs and verifies URLs.

    Args:
        key: the server's secret; any holder can sign URLs.
        clock: Unix seconds.
    """

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def signed_query(self, video_id: str, variant: str, *, expires_at: float | None = None) -> str:
        """Return the query that grants access to ``variant`` of a video: ``expires=…&signature=…``.

        Args:
            video_id: the video.
            variant: the variant of its content.
            expires_at: Unix time at which its content expires; None: never.
        """
        expires = int(self._clock()) + MAX_LIFETIME
        if expires_at is not None:
            expires = min(expires, int(expires_at))
        return urlencode({"expires": expires, "signature": self._signature(video_id, variant, str(expires))})

    def verify(self, video_id: str, variant: str, query: Mapping[str, str]) -> None:
        """Check that the query grants access.

        Raises:
            NotAllowed: the signature is forged, made for something else, or expired.
        """
        expires, signature = query.get("expires", ""), query.get("signature", "")
        genuine = hmac.compare_digest(
            self._signature(video_id, variant, expires).encode(), signature.encode("utf-8", "surrogatepass")
        )
        if not genuine:
            raise NotAllowed("This link is not valid.", code="invalid_link")
        if int(expires) <= self._clock():
            raise NotAllowed("This link has expired.", code="expired_link")

    def _signature(self, video_id: str, variant: str, expires: str) -> str:
        signed = f"{video_id}\0{variant}\0{expires}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, signed, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
