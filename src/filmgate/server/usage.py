"""The handler of ``/usage``."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from filmgate.server.request import Call
from filmgate.server.responses import json_reply
from filmgate.store import LedgerRows
from filmgate.wire.usage import UsageDay, UsageObject

__all__ = ["UsageHandlers"]

DAYS, MOST_DAYS = 30, 366
"""How many days back the answer looks, unless the query says otherwise, and at most."""


class UsageHandlers:
    """What the key's account has and spent."""

    def __init__(self, ledger: LedgerRows, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._clock = clock

    async def retrieve(self, call: Call) -> ASGIApp:
        """``GET /usage?days=``."""
        days = call.whole("days", DAYS, MOST_DAYS)
        usage = await self._ledger.usage(call.principal.account_id, self._clock() - days * 86_400)
        data = [UsageDay(**msgspec.structs.asdict(day)) for day in usage.days]
        return json_reply(
            UsageObject(
                balance_micros=usage.balance_micros,
                held_micros=usage.held_micros,
                captured_micros=usage.captured_micros,
                data=data,
            )
        )
