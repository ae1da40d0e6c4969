"""Which connections are closed for others."""

from __future__ import annotations

import resource

import pytest

from filmgate.server import connections
from filmgate.server.connections import ConnectionPool, connection_limit


class Connection:
    """Records that it was closed."""

    closed = False

    def close_idle(self) -> None:
        """Record it."""
        self.closed = True


def test_the_longest_idle_connection_makes_room() -> None:
    """One that answers a request is never closed; where all do, the new one is refused."""
    pool, many = ConnectionPool(3), [Connection() for _ in range(7)]
    assert all(pool.admit(each) for each in many[:3])
    pool.set_busy(many[0])
    pool.set_busy(many[1])
    pool.set_idle(many[1])
    assert pool.admit(many[3])
    assert [each.closed for each in many[:4]] == [False, False, True, False]
    assert pool.admit(many[4])
    assert many[1].closed
    for each in (many[3], many[4]):
        pool.set_busy(each)
    assert not pool.admit(many[5])
    pool.remove(many[0])
    assert pool.admit(many[6])
    pool.set_idle(many[5])
    pool.set_busy(many[6])
    assert not pool.admit(many[5])


def test_descriptors_are_kept_for_the_work() -> None:
    """At the usual limit a third of the rest is for connections."""
    assert connection_limit(1024) == 256
    assert connection_limit(65_536) == 21_760
    assert connection_limit(64) == 16


def test_the_limit_is_raised_as_far_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """The soft limit of a shell is 1024; the hard one bounds what is asked for."""
    calls: list[tuple[int, int]] = []
    for limits, expected, asked in (
        ((1024, 1_048_576), 65_536, [(65_536, 1_048_576)]),
        ((1024, 4096), 4096, [(4096, 4096)]),
        ((1024, resource.RLIM_INFINITY), 65_536, [(65_536, resource.RLIM_INFINITY)]),
        ((100_000, 200_000), 100_000, []),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 65_536, []),
    ):
        calls.clear()
        monkeypatch.setattr(resource, "getrlimit", lambda _what, limits=limits: limits)
        monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: calls.append(limits))
        assert (connections.raise_descriptor_limit(), calls) == (expected, asked)
