"""The handler of ``/usage``."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp

from filmgate.server.request import RequestContext
from filmgate.server.responses import json_response
from filmgate.store import LedgerRepository
from filmgate.wire.usage import UsageDay, UsageObject

__all__ = ["UsageHandlers"]

DEFAULT_DAYS, MAX_DAYS = 30, 366
"""Days that the response covers: the default and the maximum."""


class UsageHandlers:
    """The balance and spending of the key's account."""

    def __init__(self, ledger: LedgerRepository, clock: Callable[[], float] = time.time) -> None:
        self._ledger = ledger
        self._clock = clock

    async def retrieve(self, request: RequestContext) -> ASGIApp:
        """``GET /usage?days=``."""
        days = request.int_param("days", DEFAULT_DAYS, MAX_DAYS)
        usage = await self._ledger.usage(request.principal.account_id, self._clock() - days * 86_400)
        data = [UsageDay(**msgspec.structs.asdict(day)) for day in usage.days]
        return json_response(
            UsageObject(
                balance_micros=usage.balance_micros,
                held_micros=usage.held_micros,
                captured_micros=usage.captured_micros,
                data=data,
            )
        )
