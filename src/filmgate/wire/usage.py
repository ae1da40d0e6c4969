"""``GET /v1/usage``: the account's balance and spending. Money is integer micro-units (1 unit = 1,000,000)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["UsageDay", "UsageObject"]


class UsageDay(Struct, frozen=True, kw_only=True):
    """The videos of one model that were completed on one day."""

    date: str  # UTC, YYYY-MM-DD
    model: str
    videos: int
    seconds: int  # of video
    captured_micros: int


class UsageObject(Struct, frozen=True, kw_only=True):
    """An account's balance and spending."""

    object: Literal["usage"] = "usage"
    balance_micros: int | None  # available; null: unlimited
    held_micros: int  # for unfinished videos
    captured_micros: int  # spent in total
    data: list[UsageDay]  # newest day first
