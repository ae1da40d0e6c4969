"""Links that open without a key: signed, and void after a while, since a chat program can't send a key.

A link names a video, what of it, and when it ends; the signature is an HMAC-SHA256 over the three.
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
    """Makes links and checks them.

    Args:
        key: the server's own; whoever has it can make links.
        clock: Unix seconds.
    """

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def signed_query(self, video_id: str, variant: str, *, expires_at: float | None = None) -> str:
        """The query that opens ``variant`` of a video: ``expires=…&signature=…``.

        Args:
            video_id: whose.
            variant: what of it.
            expires_at: Unix time at which its content ends; None: never.
        """
        expires = int(self._clock()) + MAX_LIFETIME
        if expires_at is not None:
            expires = min(expires, int(expires_at))
        return urlencode({"expires": expires, "signature": self._signature(video_id, variant, str(expires))})

    def verify(self, video_id: str, variant: str, query: Mapping[str, str]) -> None:
        """Whether the query opens it.

        Raises:
            NotAllowed: it is forged, for something else, or its time is over.
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
