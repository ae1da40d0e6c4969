"""Webhook verification on the receiver's side."""

from __future__ import annotations

import time

import pytest

from filmgate import Client
from filmgate.client import WebhookEvent
from filmgate.client.webhooks import verify
from filmgate.errors import InvalidSignature, SettingsError
from filmgate.wire import webhook

SECRET = webhook.new_secret()
BODY = webhook.event_body("evt_1", "video.completed", 1_760_000_000, "video_1")


def test_a_signed_webhook_is_accepted() -> None:
    """Header names in any case; also while a secret is being rotated."""
    headers = webhook.signed_headers("evt_1", time.time(), BODY, [webhook.new_secret(), SECRET])
    event = WebhookEvent(id="evt_1", type="video.completed", created_at=1_760_000_000, video_id="video_1")
    assert verify(BODY, headers, SECRET) == event
    assert verify(BODY.decode(), {name.title(): value for name, value in headers.items()}, SECRET) == event


@pytest.mark.parametrize("wrong", ["body", "secret", "old", "unsigned", "shape"])
def test_an_invalid_webhook_is_rejected(wrong: str) -> None:
    """Changed, signed with another secret, too old, unsigned, or not an event."""
    body = b"{}" if wrong == "shape" else BODY
    headers = webhook.signed_headers("evt_1", time.time() - (600 if wrong == "old" else 0), body, [SECRET])
    if wrong == "unsigned":
        headers.pop("webhook-signature")
    with pytest.raises(InvalidSignature):
        verify(
            body.replace(b"video_1", b"video_2") if wrong == "body" else body,
            headers,
            webhook.new_secret() if wrong == "secret" else SECRET,
        )


def test_the_client_reads_the_secret_from_the_environment() -> None:
    """Unless it is passed."""
    headers = webhook.signed_headers("evt_1", time.time(), BODY, [SECRET])
    with Client(base_url="http://s", environ={"OPENAI_WEBHOOK_SECRET": SECRET}) as client:
        assert client.webhooks.verify(BODY, headers).video_id == "video_1"
    with Client(base_url="http://s", environ={}) as client:
        assert client.webhooks.verify(BODY, headers, SECRET).video_id == "video_1"
        with pytest.raises(SettingsError):
            client.webhooks.verify(BODY, headers)
