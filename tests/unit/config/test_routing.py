"""Routes as a file describes them."""

from __future__ import annotations

import pytest

from filmgate.config.routing import DEFAULT_FAILOVER, NON_RETRYABLE, Route, RouteTarget, choose_target, parse_route
from filmgate.errors import SettingsError
from filmgate.flow import failure_codes


def test_names_alone_are_a_route() -> None:
    """In order, with the usual failover."""
    assert parse_route("m", {"engines": ["a", "b"]}) == Route(targets=(RouteTarget("a"), RouteTarget("b")))
    assert Route.single("a").engines == ("a",)


def test_shares_and_codes_can_be_said() -> None:
    """Each engine with its weight, and the codes that go on; none at all is a choice, too."""
    table = {"engines": ["a", {"engine": "b", "weight": 3}], "policy": "weighted", "failover": ["overloaded"]}
    assert parse_route("m", table) == Route(
        targets=(RouteTarget("a"), RouteTarget("b", 3)), policy="weighted", failover=frozenset({"overloaded"})
    )
    assert parse_route("m", {"engines": ["a"], "failover": []}).failover == frozenset()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "engines"),
        ({"engines": []}, "engines"),
        ({"engines": ["a", "a"]}, "twice"),
        ({"engines": [{"engine": "a", "weight": 0}], "policy": "weighted"}, "weight"),
        ({"engines": [{"engine": "a", "weight": 2}]}, "policy"),
        ({"engines": ["a"], "policy": "random"}, "policy"),
        ({"engines": ["a"], "polcy": "order"}, "polcy"),
        ({"engines": ["a"], "failover": ["submission_unknown"]}, "submission_unknown"),
        ({"engines": ["a"], "failover": ["moderation_blocked", "cancelled"]}, "cancelled, moderation_blocked"),
    ],
)
def test_what_can_not_be_a_route(table: dict[str, object], said: str) -> None:
    """The table and the key are named."""
    with pytest.raises(SettingsError) as caught:
        parse_route("sora-2", table)
    assert "[routes.sora-2]" in caught.value.message
    assert said in caught.value.message


def test_every_failure_of_ours_is_judged() -> None:
    """Each code that the flow itself gives is one that goes on by default, or one that never may."""
    ours = failure_codes.CODES - {"engine_rejected"}
    assert ours <= DEFAULT_FAILOVER | NON_RETRYABLE
    assert not DEFAULT_FAILOVER & NON_RETRYABLE


def test_an_engine_is_picked_by_order_or_share() -> None:
    """Only among those that may be taken."""
    route = Route(targets=(RouteTarget("a", 1), RouteTarget("b", 3)), policy="weighted")
    assert [choose_target(route, ["a", "b"], roll) for roll in (0.0, 0.24, 0.25, 0.99)] == ["a", "a", "b", "b"]
    assert choose_target(route, ["b"], 0.0) == "b"
    assert choose_target(route, [], 0.5) is None
    assert choose_target(Route(targets=(RouteTarget("a"), RouteTarget("b"))), ["b", "a"], 0.99) == "a"
