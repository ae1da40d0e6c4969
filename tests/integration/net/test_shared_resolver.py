"""Name look-ups of many accounts: a silent name server costs only whoever named it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from tests.support.polling import until_async

from filmgate.errors import UrlUnreachable
from filmgate.net.guard import Guard
from filmgate.net.shared_resolver import PER_OWNER, THREADS, BusyResolver, SharedResolver

PUBLIC = ["93.184.216.34"]


class Names:
    """A resolver whose names under ``silent`` are answered when the test says so."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answer = threading.Event()
        self.silent_now = 0
        self._lock = threading.Lock()

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        """Look up."""
        with self._lock:
            self.asked[host] += 1
        if host.startswith("silent"):
            with self._lock:
                self.silent_now += 1
            self.answer.wait(60)
        if host.startswith("unknown"):
            raise OSError("no such host")
        return PUBLIC


async def test_one_account_can_not_take_all_look_ups() -> None:
    """Others are answered while an account's names are silent, and it is told so."""
    names = Names()
    resolver, impatient = SharedResolver(names, timeout=60), SharedResolver(names, timeout=0.01)
    waiting = [asyncio.create_task(resolver.resolve("poor", f"silent{number}", 80)) for number in range(3 * THREADS)]
    await until_async(lambda: names.silent_now == PER_OWNER)
    assert await resolver.resolve("other", "media.example", 80) == PUBLIC
    with pytest.raises(OSError, match="no such host"):
        await resolver.resolve("other", "unknown.example", 80)
    with pytest.raises(BusyResolver):
        await impatient.resolve("poor", "silent", 80)
    assert names.silent_now == PER_OWNER + 1
    names.answer.set()
    assert await asyncio.gather(*waiting) == [PUBLIC] * len(waiting)
    assert (resolver._slots, resolver._running) == ({}, {})


async def test_equal_look_ups_are_one() -> None:
    """Ten deliveries to a host at once ask for its name once."""
    names = Names()
    resolver = SharedResolver(names, timeout=60)
    waiting = [asyncio.create_task(resolver.resolve("one", "silent", 80)) for _ in range(10)]
    await until_async(lambda: names.silent_now == 1)
    names.answer.set()
    assert await asyncio.gather(*waiting) == [PUBLIC] * 10
    assert names.asked == {"silent": 1}


async def test_a_slow_look_up_is_no_wrong_url() -> None:
    """The client is told that it may try again, not that its URL is private."""
    names = Names()
    guard = Guard(resolver=SharedResolver(names, timeout=0.01)).for_owner("one").for_param("callback_url")
    with pytest.raises(UrlUnreachable) as caught:
        await guard.check_url("https://silent.example/hook")
    assert caught.value.param == "callback_url"
    names.answer.set()
