"""Webhooks on the wire: event bodies, signatures, the retry schedule, and the endpoint resource.

Deliveries follow Standard Webhooks, so that ``client.webhooks.unwrap()`` of the official SDKs verifies them; the
endpoint resource is spelled as those SDKs' ``client.webhooks`` expects.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from msgspec import Struct
from standardwebhooks import Webhook

from filmgate.errors import InvalidValue
from filmgate.wire.objects import encode
from filmgate.wire.params import Fields
from filmgate.wire.readers import Reader, read_array, read_boolean, read_fields, read_text

__all__ = [
    "EVENT_TYPES",
    "POST_TIMEOUT",
    "EndpointDeleted",
    "EndpointList",
    "EndpointObject",
    "EndpointParams",
    "EndpointTest",
    "EndpointWithSecret",
    "EventTypeList",
    "event_body",
    "new_secret",
    "parse_create",
    "parse_rotation",
    "parse_test",
    "parse_update",
    "retry_delay",
    "secret_hint",
    "signed_headers",
]

EVENT_TYPES = ("video.completed", "video.failed")
"""The event types that an endpoint can subscribe to."""

ENDPOINT_NAME_MAX, ENDPOINT_URL_MAX = 100, 2048
"""Maximum characters of an endpoint's name and URL."""

RETRY_DELAYS = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds before each attempt since the previous one."""

JITTER_FRACTION = 0.1
"""Jitter as a share of each delay, so that a receiver that was down does not get all deliveries at once."""

POST_TIMEOUT = 15.0
"""Seconds within which a receiver must respond."""

_SECRET_BYTES = 32


# ---- deliveries


class _EventData(Struct, frozen=True):
    id: str


class _Event(Struct, frozen=True):
    id: str
    object: str
    created_at: int
    type: str
    data: _EventData


def event_body(event_id: str, kind: str, created_at: float, video_id: str) -> bytes:
    """Encode the body of an event."""
    return encode(_Event(event_id, "event", int(created_at), kind, _EventData(video_id)))


def signed_headers(event_id: str, sent_at: float, body: bytes, signing_secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers of one attempt.

    Args:
        event_id: the same for every attempt.
        sent_at: Unix time of this attempt; receivers reject one that is five minutes old.
        body: the body.
        signing_secrets: the secrets to sign with, several during a rotation.
    """
    stamp, text = datetime.fromtimestamp(int(sent_at), UTC), body.decode()
    signatures = [Webhook(secret).sign(event_id, stamp, text) for secret in signing_secrets]
    signed = {"webhook-signature": " ".join(signatures)} if signatures else {}
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(sent_at)),
        **signed,
    }


def retry_delay(attempts: int, random_unit: float) -> float | None:
    """Return the seconds until the next attempt; None if the last one was the final one.

    Args:
        attempts: attempts so far.
        random_unit: a random number in [0, 1).
    """
    if attempts >= len(RETRY_DELAYS):
        return None
    return RETRY_DELAYS[attempts] * (1 - JITTER_FRACTION + 2 * JITTER_FRACTION * random_unit)


def new_secret() -> str:
    """Return a new signing secret: ``whsec_`` and 256 random bits."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def secret_hint(secret: str) -> str:
    """Return enough of a secret to recognise it by."""
    return f"{secret[:8]}…{secret[-4:]}"


# ---- wire objects


class EndpointObject(Struct, frozen=True, kw_only=True):
    """A webhook endpoint and its event types. Times are Unix seconds."""

    id: str
    object: Literal["webhook_endpoint"] = "webhook_endpoint"
    name: str
    url: str
    event_types: list[str]
    signing_secret_hint: str
    created_at: int
    updated_at: int
    disabled_at: int | None  # it responded with 410; a new URL enables it again


class EndpointWithSecret(EndpointObject, frozen=True, kw_only=True):
    """An endpoint with its secret, which is shown only this once."""

    signing_secret: str


class EndpointList(Struct, frozen=True, kw_only=True):
    """A page of endpoints."""

    object: Literal["list"] = "list"
    data: list[EndpointObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class EndpointDeleted(Struct, frozen=True, kw_only=True):
    """The response to a DELETE."""

    id: str
    object: Literal["webhook_endpoint.deleted"] = "webhook_endpoint.deleted"
    deleted: bool = True


class EndpointTest(Struct, frozen=True, kw_only=True):
    """The result of a test delivery."""

    object: Literal["webhook_endpoint.test"] = "webhook_endpoint.test"
    webhook_endpoint_id: str
    event_type: str
    status_code: int
    success: Literal[True] = True  # it responded; the status code says how


class EventTypeList(Struct, frozen=True, kw_only=True):
    """The event types that endpoints can subscribe to."""

    object: Literal["list"] = "list"
    data: list[str]


# ---- request bodies


class EndpointParams(Struct, frozen=True, kw_only=True):
    """An endpoint's fields. None: absent."""

    name: str | None = None
    url: str | None = None
    event_types: tuple[str, ...] | None = None


def parse_create(fields: Fields) -> EndpointParams:
    """Parse ``POST /webhook_endpoints``; every field is required.

    Raises:
        RequestError: names the field.
    """
    return EndpointParams(**read_fields(fields, _ENDPOINT_READERS, _ENDPOINT_READERS))


def parse_update(fields: Fields) -> EndpointParams:
    """Parse ``POST /webhook_endpoints/{id}``.

    Raises:
        RequestError: names the field.
    """
    return EndpointParams(**read_fields(fields, _ENDPOINT_READERS))


def parse_rotation(fields: Fields) -> bool:
    """Return whether the old secret keeps signing for 24 hours.

    Raises:
        RequestError: names the field.
    """
    name = "keep_old_secret_active_for_24_hours"
    return bool(read_fields(fields, {name: read_boolean}).get(name))


def parse_test(fields: Fields) -> str:
    """Return the event type of a test delivery.

    Raises:
        RequestError: names the field.
    """
    event_type: str = read_fields(fields, {"event_type": _event_type}, ("event_type",))["event_type"]
    return event_type


def _text(name: str, value: object, max_length: int) -> str:
    text = read_text(name, value)
    if not 1 <= len(text.strip()) <= len(text) <= max_length:
        raise InvalidValue(f"Invalid '{name}': expected 1 to {max_length} characters.", param=name)
    return text


def _event_types(name: str, value: object) -> tuple[str, ...]:
    items = read_array(name, value)
    return tuple(dict.fromkeys(_event_type(f"{name}[{place}]", each) for place, each in enumerate(items)))


def _event_type(name: str, value: object) -> str:
    if value not in EVENT_TYPES:
        raise InvalidValue.unsupported(name, value, EVENT_TYPES)
    return str(value)


_ENDPOINT_READERS: dict[str, Reader] = {
    "event_types": _event_types,
    "name": partial(_text, max_length=ENDPOINT_NAME_MAX),
    "url": partial(_text, max_length=ENDPOINT_URL_MAX),
}
