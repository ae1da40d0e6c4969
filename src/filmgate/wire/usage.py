"""``GET /v1/usage``: what the key's account has and spent. Money is integer micro-units (1 unit = 1,000,000)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["UsageDay", "UsageObject"]


class UsageDay(Struct, frozen=True, kw_only=True):
    """The videos of one model that were delivered on one day."""

    date: str  # UTC, YYYY-MM-DD
    model: str
    videos: int
    seconds: int  # of film
    captured_micros: int


class UsageObject(Struct, frozen=True, kw_only=True):
    """An account's money."""

    object: Literal["usage"] = "usage"
    balance_micros: int | None  # free to be spent; null: unlimited
    held_micros: int  # for videos that are being made
    captured_micros: int  # spent, ever
    data: list[UsageDay]  # newest day first
