"""Webhook verification on the receiver's side: checks the signature and its age."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from filmgate.errors import InvalidSignature, SettingsError

__all__ = ["SECRET_VARIABLES", "WebhookEvent", "WebhookVerifier", "verify"]

SECRET_VARIABLES = ("FILMGATE_WEBHOOK_SECRET", "OPENAI_WEBHOOK_SECRET")
"""Environment variables for the secret; the first one that is set wins."""


class WebhookEvent(Struct, frozen=True, kw_only=True):
    """The end of a video."""

    id: str  # the same for every delivery: remember it, to handle each event once
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
    """Verify a webhook request and return its event.

    Args:
        payload: the request body, byte for byte.
        headers: the request headers, names in any case.
        secret: the endpoint's secret, ``whsec_…``.

    Raises:
        InvalidSignature: it was not signed with the secret, or not within the last five minutes.
    """
    from standardwebhooks import Webhook, WebhookVerificationError  # noqa: PLC0415 - only receivers need it

    lower_headers = {name.lower(): value for name, value in headers.items()}
    try:
        Webhook(secret).verify(payload, lower_headers)
        event = msgspec.json.decode(payload, type=_EventBody)
    except (WebhookVerificationError, msgspec.DecodeError, ValueError) as error:
        raise InvalidSignature(f"The webhook's signature is invalid: {error}.") from error
    return WebhookEvent(id=event.id, type=event.type, created_at=event.created_at, video_id=event.data.id)


class WebhookVerifier:
    """``client.webhooks``.

    Args:
        environ: holds the secret if no argument does.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def verify(self, payload: bytes | str, headers: Mapping[str, str], secret: str | None = None) -> WebhookEvent:
        """As :func:`verify`; the default secret is ``FILMGATE_WEBHOOK_SECRET`` or ``OPENAI_WEBHOOK_SECRET``."""
        resolved = secret or next((self._environ[name] for name in SECRET_VARIABLES if self._environ.get(name)), None)
        if resolved is None:
            raise SettingsError(f"There is no webhook secret: pass it, or set {SECRET_VARIABLES[0]}.")
        return verify(payload, headers, resolved)
