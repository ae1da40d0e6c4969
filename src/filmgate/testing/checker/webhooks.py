"""I5: each terminal event reaches a healthy webhook endpoint at least once, always under the same ``webhook-id``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from filmgate.testing.checker.facts import TERMINAL, Event, Rows, Told

__all__ = ["unannounced", "untold"]


def unannounced(rows: Rows) -> Iterator[str]:
    """Videos whose end does not stand in the outbox exactly once."""
    announced = Counter((event.type, event.video_id) for event in rows.events)
    for row in rows.videos:
        times = announced[f"video.{row.status}", row.id]
        if row.status in TERMINAL and times != 1:
            yield f"I5: {row.id} is {row.status}, announced {times} times"


def untold(told: Mapping[str, Sequence[Told]], rows: Rows) -> Iterator[str]:
    """Events that an endpoint was not told of, and what it was told that is none of its events."""
    events = {event.id: event for event in rows.events}
    for account_id, calls in told.items():
        taken = {call.webhook_id for call in calls if 200 <= call.http_status < 300 and not call.callback}
        for event in rows.events:
            if event.account_id == account_id and event.id not in taken:
                yield f"I5: {event.id} ({event.type} of {event.video_id}) never reached its endpoint"
        for call in calls:
            yield from _wrong(account_id, call, events.get(call.webhook_id))


def _wrong(account_id: str, call: Told, event: Event | None) -> Iterator[str]:
    if not call.signed:
        yield f"I5: {call.webhook_id} came without its signature"
    if event is None:
        yield f"I5: {call.webhook_id} ({call.type} of {call.video_id}) is no event"
    elif event.account_id != account_id:
        yield f"I6: {call.webhook_id} of {event.account_id} was told to {account_id}"
    elif (event.type, event.video_id) != (call.type, call.video_id):
        yield f"I5: {call.webhook_id} is {event.type} of {event.video_id}, told was {call.type} of {call.video_id}"
