"""Limits of an API key, counted from the rows in the accepting transaction: no other process can interfere."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import bindparam, func, literal_column, select

from filmgate.errors import TooManyRequests, TooManyRunning
from filmgate.store.database import DbConnection
from filmgate.store.schema import api_key, video

__all__ = ["RateLimitStatus", "enforce", "rate_limit_status"]

WINDOW = 60.0
"""Seconds over which accepted creates are counted."""

RUNNING_RETRY_AFTER = 10.0
"""Retry-After in seconds of a key with too many unfinished videos: when one of them ends is unknown."""


class RateLimitStatus(Struct, frozen=True):
    """A key's use of its creates per minute."""

    limit: int
    remaining: int
    reset: float  # seconds until all of them are free again


_LIMITS = select(api_key.c.requests_per_minute, api_key.c.running_limit).where(api_key.c.id == bindparam("key_id"))
_IN_WINDOW = (
    video.c.key_id == bindparam("key_id"),
    video.c.created_at > bindparam("since"),
    video.c.created_at < bindparam("until"),
)
_NTH_NEWEST = (
    select(video.c.created_at)
    .where(*_IN_WINDOW)
    .order_by(video.c.created_at.desc())
    .limit(literal_column("1"))
    .offset(bindparam("skipped"))
)
_USED = select(func.count(), func.max(video.c.created_at)).where(*_IN_WINDOW)
_RUNNING = select(func.count()).where(video.c.key_id == bindparam("key_id"), video.c.stage != literal_column("'done'"))


def enforce(connection: DbConnection, key_id: str, now: float, per_minute: int | None, running: int | None) -> None:
    """Raise if one more create would exceed a limit of the key.

    Args:
        connection: in the accepting transaction.
        key_id: id of the key.
        now: Unix seconds.
        per_minute: the dialect's own limit of accepted creates per minute, beside the key's; None: no limit.
        running: the same, for unfinished videos at once.

    Raises:
        TooManyRequests: the creates of the last minute have reached the limit.
        TooManyRunning: the unfinished videos have reached the limit.
    """
    key_per_minute, key_running = connection.fetch_one(_LIMITS, key_id=key_id) or (None, None)
    per_minute, running = _min_limit(per_minute, key_per_minute), _min_limit(running, key_running)
    if per_minute is not None:
        _check_rate(connection, key_id, per_minute, now)
    if running is not None and _count_running(connection, key_id) >= running:
        raise TooManyRunning(retry_after=RUNNING_RETRY_AFTER)


def rate_limit_status(
    connection: DbConnection, key_id: str, now: float, per_minute: int | None = None
) -> RateLimitStatus | None:
    """Return the state of the key's limit, or the dialect's if it is lower; None if there is neither."""
    key_limit, _ = connection.fetch_one(_LIMITS, key_id=key_id) or (None, None)
    limit = _min_limit(per_minute, key_limit)
    if limit is None:
        return None
    [(used, newest)] = connection.fetch_all(_USED, key_id=key_id, **_window(now))
    return RateLimitStatus(limit, max(0, limit - used), 0.0 if newest is None else newest + WINDOW - now)


def _window(now: float) -> dict[str, float]:
    # Rows dated far in the future, by a clock that was corrected since, count in no minute.
    return {"since": now - WINDOW, "until": now + WINDOW}


def _min_limit(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _check_rate(connection: DbConnection, key_id: str, limit: int, now: float) -> None:
    if limit < 1:
        raise TooManyRequests(retry_after=WINDOW)
    row = connection.fetch_one(_NTH_NEWEST, key_id=key_id, skipped=limit - 1, **_window(now))
    if row is not None:
        message = f"Rate limit reached: {limit} creates a minute with this key."
        raise TooManyRequests(message, retry_after=row[0] + WINDOW - now)


def _count_running(connection: DbConnection, key_id: str) -> int:
    [(count,)] = connection.fetch_all(_RUNNING, key_id=key_id)
    return int(count)
