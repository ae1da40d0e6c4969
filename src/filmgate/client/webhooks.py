"""Webhooks as their receiver sees them: what was posted is believed once its signature is right and fresh."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from filmgate.errors import InvalidSignature, SettingsError

__all__ = ["SECRET_VARIABLES", "WebhookEvent", "WebhookVerifier", "verify"]

SECRET_VARIABLES = ("FILMGATE_WEBHOOK_SECRET", "OPENAI_WEBHOOK_SECRET")
"""Environment variables that may hold the secret, the first one that does wins."""


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to a video."""

    id: str  # the same however often it is delivered: remember it, to handle each event once
    type: str  # video.completed or video.failed
    created_at: int  # Unix seconds
    video_id: str


class _EventData(Struct, frozen=True):
    id: str


class _EventBody(Struct, frozen=True):
    id: str
    type: str
    created_at: int
    data: _EventData


def verify(payload: bytes | str, headers: Mapping[str, str], secret: str) -> WebhookEvent:
    """The event that was posted.

    Args:
        payload: the body of the request, byte for byte as it came.
        headers: of the request, in any case.
        secret: ``whsec_…``, as the endpoint was given it.

    Raises:
        InvalidSignature: it was not signed with the secret, or not in the last five minutes.
    """
    from standardwebhooks import Webhook, WebhookVerificationError  # noqa: PLC0415 - for those who receive

    named = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(secret).verify(payload, named)
        posted = msgspec.json.decode(payload, type=_EventBody)
    except (WebhookVerificationError, msgspec.DecodeError, ValueError) as error:
        raise InvalidSignature(f"The webhook can't be believed: {error}.") from error
    return WebhookEvent(id=posted.id, type=posted.type, created_at=posted.created_at, video_id=posted.data.id)


class WebhookVerifier:
    """``client.webhooks``.

    Args:
        environ: where the secret is looked for, if it is not given.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def verify(self, payload: bytes | str, headers: Mapping[str, str], secret: str | None = None) -> WebhookEvent:
        """As :func:`verify`; the secret else from ``FILMGATE_WEBHOOK_SECRET`` or ``OPENAI_WEBHOOK_SECRET``."""
        found = secret or next((self._environ[name] for name in SECRET_VARIABLES if self._environ.get(name)), None)
        if found is None:
            raise SettingsError(f"There is no webhook secret: give it, or set {SECRET_VARIABLES[0]}.")
        return verify(payload, headers, found)
