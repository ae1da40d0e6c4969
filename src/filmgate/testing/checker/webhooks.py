"""I5: each terminal event reaches a healthy webhook endpoint at least once, always under the same ``webhook-id``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from filmgate.testing.checker.facts import TERMINAL, DatabaseSnapshot, OutboxEventRow, ReceivedWebhook

__all__ = ["missing_deliveries", "missing_events"]


def missing_events(database: DatabaseSnapshot) -> Iterator[str]:
    """Videos whose terminal event is not in the outbox exactly once."""
    announced = Counter((event.type, event.video_id) for event in database.events)
    for row in database.videos:
        times = announced[f"video.{row.status}", row.id]
        if row.status in TERMINAL and times != 1:
            yield f"I5: {row.id} is {row.status}, announced {times} times"


def missing_deliveries(
    deliveries: Mapping[str, Sequence[ReceivedWebhook]], database: DatabaseSnapshot
) -> Iterator[str]:
    """Events that an endpoint did not receive, and deliveries that match none of its events."""
    events = {event.id: event for event in database.events}
    for account_id, calls in deliveries.items():
        taken = {call.webhook_id for call in calls if 200 <= call.http_status < 300 and not call.callback}
        for event in database.events:
            if event.account_id == account_id and event.id not in taken:
                yield f"I5: {event.id} ({event.type} of {event.video_id}) never reached its endpoint"
        for call in calls:
            yield from _delivery_errors(account_id, call, events.get(call.webhook_id))


def _delivery_errors(account_id: str, delivery: ReceivedWebhook, event: OutboxEventRow | None) -> Iterator[str]:
    if not delivery.signed:
        yield f"I5: {delivery.webhook_id} came without its signature"
    if event is None:
        yield f"I5: {delivery.webhook_id} ({delivery.type} of {delivery.video_id}) is no event"
    elif event.account_id != account_id:
        yield f"I6: {delivery.webhook_id} of {event.account_id} was delivered to {account_id}"
    elif (event.type, event.video_id) != (delivery.type, delivery.video_id):
        delivered = f"{delivery.type} of {delivery.video_id}"
        yield f"I5: {delivery.webhook_id} is {event.type} of {event.video_id}, delivered was {delivered}"
