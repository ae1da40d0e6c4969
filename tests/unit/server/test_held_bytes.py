"""Bodies in memory are bounded."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from filmgate.errors import TooManyRequests
from filmgate.server import held_bytes
from filmgate.server.held_bytes import SMALL, HeldBytes


def test_an_account_holds_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its next large body is refused until one ends; small ones, and other accounts, are read."""
    monkeypatch.setattr(held_bytes, "ACCOUNT_LIMIT", 3 * SMALL)
    held, chunk = HeldBytes(), bytes(SMALL)
    with ExitStack() as stack:
        with held.body("poor") as first:
            first.extend(chunk)
            first.extend(chunk)
            second = stack.enter_context(held.body("poor"))
            second.extend(chunk)
            with pytest.raises(TooManyRequests):
                second.extend(b"x")
            for _ in range(9):
                stack.enter_context(held.body("poor")).extend(b"small")
            stack.enter_context(held.body("other")).extend(2 * chunk)
        second.extend(b"x")
    assert (held.total, held._by_account) == (0, {})


def test_all_accounts_together_hold_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then small bodies are read all the same."""
    monkeypatch.setattr(held_bytes, "TOTAL_LIMIT", 4 * SMALL)
    held = HeldBytes()
    with ExitStack() as stack:
        for account in ("a", "b"):
            stack.enter_context(held.body(account)).extend(bytes(2 * SMALL))
        with pytest.raises(TooManyRequests):
            stack.enter_context(held.body("c")).extend(bytes(2 * SMALL))
        stack.enter_context(held.body("c")).extend(bytes(SMALL))
