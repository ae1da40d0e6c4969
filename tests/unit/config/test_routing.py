"""Routes in a configuration file."""

from __future__ import annotations

import pytest

from filmgate.config.routing import DEFAULT_FAILOVER, NON_RETRYABLE, Route, RouteTarget, choose_target, parse_route
from filmgate.errors import SettingsError
from filmgate.flow import failure_codes


def test_a_list_of_names_is_a_route() -> None:
    """The order is kept, with the default failover."""
    assert parse_route("m", {"engines": ["a", "b"]}) == Route(targets=(RouteTarget("a"), RouteTarget("b")))
    assert Route.single("a").engines == ("a",)


def test_weights_and_failover_codes_can_be_set() -> None:
    """Each engine has its weight, and the codes that cause failover; an empty list is valid too."""
    table = {"engines": ["a", {"engine": "b", "weight": 3}], "policy": "weighted", "failover": ["overloaded"]}
    assert parse_route("m", table) == Route(
        targets=(RouteTarget("a"), RouteTarget("b", 3)), policy="weighted", failover=frozenset({"overloaded"})
    )
    assert parse_route("m", {"engines": ["a"], "failover": []}).failover == frozenset()


@pytest.mark.parametrize(
    ("table", "message"),
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
def test_an_invalid_route_is_refused(table: dict[str, object], message: str) -> None:
    """The error names the table and the key."""
    with pytest.raises(SettingsError) as caught:
        parse_route("sora-2", table)
    assert "[routes.sora-2]" in caught.value.message
    assert message in caught.value.message


def test_every_failure_code_of_the_flow_is_classified() -> None:
    """Each code either causes failover by default, or never may."""
    ours = failure_codes.CODES - {"engine_rejected"}
    assert ours <= DEFAULT_FAILOVER | NON_RETRYABLE
    assert not DEFAULT_FAILOVER & NON_RETRYABLE


def test_an_engine_is_selected_by_order_or_weight() -> None:
    """Only available engines are considered."""
    route = Route(targets=(RouteTarget("a", 1), RouteTarget("b", 3)), policy="weighted")
    assert [choose_target(route, ["a", "b"], roll) for roll in (0.0, 0.24, 0.25, 0.99)] == ["a", "a", "b", "b"]
    assert choose_target(route, ["b"], 0.0) == "b"
    assert choose_target(route, [], 0.5) is None
    assert choose_target(Route(targets=(RouteTarget("a"), RouteTarget("b"))), ["b", "a"], 0.99) == "a"
