"""Telling the outside of events: at least once, under one id, for three days.

Everything stands in the rows: a process that dies in the middle of a try leaves a claim that runs out, and whoever
comes next tries again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import structlog

from filmgate.errors import InvalidUrl, UrlUnreachable
from filmgate.security.secret_box import SecretBox
from filmgate.store import PendingDelivery, Store
from filmgate.wire import webhook

__all__ = ["WebhookSender"]

CLAIM_LEASE = 2 * webhook.POST_TIMEOUT
"""Seconds for which a claimed delivery is left to the process that claimed it."""

MAX_CONCURRENT = 64
"""Tries that one process has under way."""

log = structlog.get_logger()


class HttpPost(Protocol):
    """Sends a body and returns the status of the answer: :meth:`filmgate.net.Guard.post`."""

    def __call__(self, url: str, body: bytes, *, headers: Mapping[str, str], within: float) -> Awaitable[int]:
        """Send."""
        ...


class WebhookSender:
    """What is to be told, and the tries under way.

    Args:
        store: the rows.
        secret_box: what opens secrets and URLs.
        post: the guarded way out.
        clock: Unix seconds.
        roll: random numbers in [0, 1), for the jitter.
    """

    def __init__(
        self,
        store: Store,
        secret_box: SecretBox,
        post: HttpPost,
        clock: Callable[[], float],
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._repository = store.webhooks
        self._outbox = store.outbox
        self._secret_box = secret_box
        self._post = post
        self._clock = clock
        self._roll = roll
        self._in_flight: set[asyncio.Task[None]] = set()

    async def send_due(self) -> int:
        """Begin every try that is due, as far as there is room; returns how many."""
        for event in await self._outbox.pending():
            await self._repository.fan_out(event.id, self._clock())
        begun = 0
        for delivery in await self._repository.list_due(self._clock(), max(0, MAX_CONCURRENT - len(self._in_flight))):
            ours = await self._repository.claim(delivery, self._clock() + CLAIM_LEASE)
            if ours is not None:
                self._start_attempt(ours)
                begun += 1
        return begun

    async def wait_idle(self) -> None:
        """Return when every try that was begun is over."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def stop(self) -> None:
        """Drop the tries under way; their claims run out, and they are tried again."""
        for task in self._in_flight:
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)

    def _start_attempt(self, delivery: PendingDelivery) -> None:
        task = asyncio.create_task(self._run_attempt(delivery), name="webhook")
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _run_attempt(self, delivery: PendingDelivery) -> None:
        """The outermost frame of a try: whatever happens in it, the claim runs out."""
        try:
            await self._attempt(delivery)
        except Exception:
            log.exception("webhook.crashed", event_id=delivery.event_id)

    async def _attempt(self, delivery: PendingDelivery) -> None:
        now = self._clock()
        url, secrets = await self._resolve_receiver(delivery, now)
        if url is None:
            await self._repository.settle(delivery, "dropped", None, now)
            return
        body = webhook.event_body(delivery.event_id, delivery.type, delivery.created_at, delivery.video_id)
        headers = webhook.signed_headers(delivery.event_id, now, body, secrets)
        try:
            status = await self._post(url, body, headers=headers, within=webhook.POST_TIMEOUT)
        except (InvalidUrl, UrlUnreachable):
            status = None
        await self._record_result(delivery, status)

    async def _resolve_receiver(self, delivery: PendingDelivery, now: float) -> tuple[str | None, list[str]]:
        """Where it goes, if anywhere, and what signs it: a callback is signed by all of its account's endpoints."""
        endpoints = [each for each in await self._repository.list_for(delivery.account_id) if each.disabled_at is None]
        if delivery.endpoint_id is not None:
            endpoints = [each for each in endpoints if each.id == delivery.endpoint_id]
            sealed = endpoints[0].url if endpoints else None
        else:
            sealed = delivery.callback_url
        secrets = [self._secret_box.decrypt(secret) for each in endpoints for secret in each.signing_secrets(now)]
        return None if sealed is None else self._secret_box.decrypt(sealed), secrets

    async def _record_result(self, delivery: PendingDelivery, status: int | None) -> None:
        now, tries = self._clock(), delivery.tries + 1
        log.info(
            "webhook.attempted", event_id=delivery.event_id, endpoint=delivery.endpoint_id, status=status, tries=tries
        )
        wait = webhook.retry_delay(tries, self._roll())
        if status is not None and HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
            await self._repository.settle(delivery, "delivered", status, now)
        elif status == HTTPStatus.GONE or wait is None:
            await self._repository.settle(delivery, "failed", status, now)
        else:
            await self._repository.record_failure(delivery, status, now + wait)
        if status == HTTPStatus.GONE and delivery.endpoint_id is not None:
            await self._repository.disable(delivery.endpoint_id, now)
