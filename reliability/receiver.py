"""Webhook receivers: one endpoint per account, which checks every signature and fails now and then."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from msgspec import Struct
from standardwebhooks import Webhook, WebhookVerificationError

from filmgate.testing.checker import ReceivedWebhook

__all__ = ["CALLBACK_TOKEN", "WebhookReceiver", "running_receiver"]

REJECTED_SHARE, UNANSWERED_SHARE = 0.15, 0.02
"""Shares of the events whose first attempt is answered with a 500, or not at all."""

HANG_SECONDS = 20.0
"""Seconds for which an unanswered attempt is held open; the server gives up sooner."""


CALLBACK_TOKEN = "canary-in-a-callback"  # noqa: S105 - made up
"""Part of every callback URL, and found nowhere else."""


class _EventData(Struct):
    id: str


class _Event(Struct):
    type: str
    data: _EventData


class WebhookReceiver:
    """The endpoints of all accounts; records every request.

    Args:
        rng: decides which first attempts fail.
    """

    def __init__(self, rng: random.Random) -> None:
        self.origin = ""
        self.deliveries: dict[str, list[ReceivedWebhook]] = {}  # by account
        self.secrets: dict[str, str] = {}  # the endpoints' own, by account
        self.healthy = False
        self._rng = rng
        self._seen_events: set[tuple[str, str]] = set()

    def add_endpoint(self, account: str, secret: str) -> None:
        """Add an account's endpoint."""
        self.deliveries[account], self.secrets[account] = [], secret

    def endpoint_url(self, account: str) -> str:
        """The endpoint of an account."""
        return f"{self.origin}/endpoints/{account}"

    def callback_url(self, account: str) -> str:
        """A video's callback URL, with a secret in it."""
        return f"{self.origin}/callbacks/{account}?token={CALLBACK_TOKEN}"

    async def handle(self, request: web.Request) -> web.Response:
        """Handle one attempt."""
        account, body = request.match_info["account"], await request.text()
        event, webhook_id = msgspec.json.decode(body, type=_Event), request.headers.get("webhook-id", "")
        status = self._status(request.path, webhook_id)
        received = ReceivedWebhook(
            webhook_id=webhook_id,
            type=event.type,
            video_id=event.data.id,
            signed=_is_signed(self.secrets[account], body, dict(request.headers)),
            http_status=status,
            callback=request.path.startswith("/callbacks"),
        )
        self.deliveries[account].append(received)
        if not status:
            await asyncio.sleep(HANG_SECONDS)
        return web.Response(status=status or 504)

    def _status(self, path: str, webhook_id: str) -> int:
        first = (path, webhook_id) not in self._seen_events
        self._seen_events.add((path, webhook_id))
        if self.healthy or not first:
            return 200
        roll = self._rng.random()
        return 0 if roll < UNANSWERED_SHARE else 500 if roll < UNANSWERED_SHARE + REJECTED_SHARE else 200


def _is_signed(secret: str, body: str, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    except WebhookVerificationError:
        return False
    return True


@asynccontextmanager
async def running_receiver(rng: random.Random) -> AsyncIterator[WebhookReceiver]:
    """A receiver on a free port of this process."""
    receiver, app = WebhookReceiver(rng), web.Application()
    app.router.add_post("/endpoints/{account}", receiver.handle)
    app.router.add_post("/callbacks/{account}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()
