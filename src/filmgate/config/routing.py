"""Which engines may make a model's videos, in which order or shares, and which failures may go on to the next.

A route is configuration: ``[routes.MODEL]`` of ``filmgate.toml``. Which of its engines a video gets, given how they
are, is decided in :mod:`filmgate.flow.dispatcher`.
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
        "upstream_misconfigured",
        "upstream_quota",
        "upstream_unauthorized",
    }
)
"""Failures after which another engine is asked where a route does not say otherwise: the engine's own trouble, told
by itself, which says nothing about the request."""

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
"""Failures after which none is: the first engine may have made the film, or every other would refuse it too."""

Policy = Literal["order", "weighted"]


class RouteTarget(Struct, frozen=True, forbid_unknown_fields=True):
    """One engine of a route."""

    engine: str
    weight: Annotated[int, Meta(ge=1, le=1_000_000)] = 1  # its share of the videos, where the policy is `weighted`


class Route(Struct, frozen=True, kw_only=True):
    """How a model's videos are shared out."""

    targets: tuple[RouteTarget, ...]
    policy: Policy = "order"  # `order`: the first that can; `weighted`: by shares
    failover: frozenset[str] = DEFAULT_FAILOVER  # codes of failures that go on to another engine, once a video

    @classmethod
    def single(cls, engine: str) -> Route:
        """The route of a model that names a single engine."""
        return cls(targets=(RouteTarget(engine),))

    @property
    def engines(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(leg.engine for leg in self.targets)


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    engines: Annotated[tuple[str | RouteTarget, ...], Meta(min_length=1)]
    policy: Policy = "order"
    failover: tuple[str, ...] | None = None


def parse_route(model: str, table: Mapping[str, object]) -> Route:
    """The route that a ``[routes.MODEL]`` describes.

    Raises:
        SettingsError: names the table, and the key that can't be used.
    """
    try:
        said = msgspec.convert(table, _Table)
    except msgspec.ValidationError as error:
        raise SettingsError(f"[routes.{model}]: {error}") from error
    legs = tuple(RouteTarget(each) if isinstance(each, str) else each for each in said.engines)
    if len({leg.engine for leg in legs}) < len(legs):
        raise SettingsError(f"[routes.{model}]: 'engines' names one of them twice; give it a 'weight' instead.")
    if said.policy == "order" and any(leg.weight != 1 for leg in legs):
        raise SettingsError(f"[routes.{model}]: a 'weight' means nothing unless 'policy' is \"weighted\".")
    return Route(targets=legs, policy=said.policy, failover=_failover(model, said.failover))


def _failover(model: str, codes: Sequence[str] | None) -> frozenset[str]:
    if codes is None:
        return DEFAULT_FAILOVER
    if forbidden := sorted(NON_RETRYABLE.intersection(codes)):
        raise SettingsError(
            f"[routes.{model}]: 'failover' can't name {', '.join(forbidden)}: after these nobody knows that no film "
            "was made or paid for, or no other engine would do better."
        )
    return frozenset(codes)


def choose_target(route: Route, candidates: Sequence[str], roll: float) -> str | None:
    """One of the engines in ``candidates``: the route's first, or one by weight.

    Args:
        route: whose order and weights count.
        candidates: the engines that may be taken.
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
