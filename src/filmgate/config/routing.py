"""Routes: which engines may render a model's videos, their order or weights, and which failures may fail over.

A route is configuration: ``[routes.MODEL]`` of ``filmgate.toml``. :mod:`filmgate.flow.dispatcher` chooses among its
engines by their current state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from filmgate.errors import SettingsError

__all__ = ["DEFAULT_FAILOVER", "NON_RETRYABLE", "Policy", "Route", "RouteTarget", "choose_target", "parse_route"]

DEFAULT_FAILOVER = frozenset(
    {
        "engine_error",
        "engine_unavailable",
        "generation_failed",
        "insufficient_quota",
        "internal_error",
        "invalid_api_key",
        "model_not_found",
        "overloaded",
        "rate_limit_exceeded",
        "server_error",
        "unknown_parameter",
        "upstream_misconfigured",
        "upstream_quota",
        "upstream_unauthorized",
    }
)
"""Failure codes that fail over to another engine where a route does not name its own: faults of the engine, reported
by the engine, which say nothing about the request.
"""

NON_RETRYABLE = frozenset(
    {
        "cancelled",
        "download_failed",
        "engine_removed",
        "engine_timeout",
        "invalid_output",
        "moderation_blocked",
        "reference_gone",
        "storage_fault",
        "submission_unknown",
        "upstream_deleted",
        "upstream_expired",
        "upstream_lost",
    }
)
"""Failure codes that never fail over: the first engine may have made the video, or every other would refuse it too."""

Policy = Literal["order", "weighted"]


class RouteTarget(Struct, frozen=True, forbid_unknown_fields=True):
    """One engine of a route."""

    engine: str
    weight: Annotated[int, Meta(ge=1, le=1_000_000)] = 1  # its share of the videos where the policy is `weighted`


class Route(Struct, frozen=True, kw_only=True):
    """How a model's videos are distributed over its engines."""

    targets: tuple[RouteTarget, ...]
    policy: Policy = "order"  # `order`: the first capable one; `weighted`: by weight
    failover: frozenset[str] = DEFAULT_FAILOVER  # failure codes that fail over to another engine, once per video

    @classmethod
    def single(cls, engine: str) -> Route:
        """The route of a model that names a single engine."""
        return cls(targets=(RouteTarget(engine),))

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines' names, in order."""
        return tuple(leg.engine for leg in self.targets)


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    engines: Annotated[tuple[str | RouteTarget, ...], Meta(min_length=1)]
    policy: Policy = "order"
    failover: tuple[str, ...] | None = None


def parse_route(model: str, table: Mapping[str, object]) -> Route:
    """Parse a ``[routes.MODEL]`` table.

    Raises:
        SettingsError: names the table, and the key that can't be used.
    """
    try:
        route_table = msgspec.convert(table, _Table)
    except msgspec.ValidationError as error:
        raise SettingsError(f"[routes.{model}]: {error}") from error
    legs = tuple(RouteTarget(each) if isinstance(each, str) else each for each in route_table.engines)
    if len({leg.engine for leg in legs}) < len(legs):
        raise SettingsError(f"[routes.{model}]: 'engines' names one of them twice; give it a 'weight' instead.")
    if route_table.policy == "order" and any(leg.weight != 1 for leg in legs):
        raise SettingsError(f"[routes.{model}]: a 'weight' means nothing unless 'policy' is \"weighted\".")
    return Route(targets=legs, policy=route_table.policy, failover=_failover(model, route_table.failover))


def _failover(model: str, codes: Sequence[str] | None) -> frozenset[str]:
    if codes is None:
        return DEFAULT_FAILOVER
    if forbidden := sorted(NON_RETRYABLE.intersection(codes)):
        raise SettingsError(
            f"[routes.{model}]: 'failover' can't name {', '.join(forbidden)}: after these a video may have "
            "been made or paid for, or no other engine would do better."
        )
    return frozenset(codes)


def choose_target(route: Route, candidates: Sequence[str], roll: float) -> str | None:
    """Choose one of ``candidates``: the route's first, or one by weight.

    Args:
        route: its order and weights apply.
        candidates: the engines to choose from.
        roll: a random number in [0, 1).
    """
    legs = [leg for leg in route.targets if leg.engine in candidates]
    if not legs or route.policy == "order":
        return legs[0].engine if legs else None
    mark = roll * sum(leg.weight for leg in legs)
    for leg in legs:
        mark -= leg.weight
        if mark < 0:
            return leg.engine
    return legs[-1].engine
