"""Which of its route's engines a video goes to: when it is accepted, when its own is out of order, after a failure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping

from filmgate.config.routing import Route, choose_target
from filmgate.domain import VideoRecord
from filmgate.engines.base import Engine, required_capabilities
from filmgate.flow.circuit_breaker import CircuitBreaker

__all__ = ["Dispatcher"]


class Dispatcher:
    """Chooses engines.

    Args:
        routes: by model.
        engines: that are configured now, by name.
        breaker: knows which are out of order.
        roll: random numbers in [0, 1).
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        engines: Mapping[str, Engine],
        breaker: CircuitBreaker,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._routes = routes
        self._engines = engines
        self.breaker = breaker
        self._roll = roll

    def choose(self, model: str, wanted: Collection[str], video_id: str) -> str | None:
        """The engine of a new video: of those that can do what is wanted, rather one that is in order.

        Args:
            model: whose route.
            wanted: capabilities, as :func:`filmgate.engines.base.needs` names them.
            video_id: whose.
        """
        route = self._routes.get(model)
        if route is None:
            return None
        able = self._capable_engines(route, wanted)
        return self._pick(route, self._available_engines(able, video_id) or able, video_id)

    def reroute(self, video: VideoRecord) -> str | None:
        """Another engine for a video that none was asked for yet, if its own is out of order or gone.

        One that failed over (or counts as such, see :mod:`filmgate.ops.backup`) was asked for elsewhere: it stays.
        One that stays with an engine which has just cooled down is from now on the one that tries it.
        """
        own, route = self._engines.get(video.engine), self._routes.get(video.model)
        if route is None:
            return None
        if own is not None and self.breaker.allows(own.name, own.identity, video.id):
            self.breaker.reserve_probe(own.name, own.identity, video.id)
            return None
        if video.failovers:
            return None
        others = self._other_engines(route, video)
        return self._pick(route, self._available_engines(others, video.id) or ([] if own else others), video.id)

    def candidates(self, video: VideoRecord) -> list[Engine]:
        """Engines in order to which a video may go that none was asked for, and that has to wait for its own.

        One that failed over stays where it is.
        """
        route = self._routes.get(video.model)
        if route is None or video.failovers:
            return []
        return [self._engines[name] for name in self._available_engines(self._other_engines(route, video), video.id)]

    def failover_target(self, video: VideoRecord, code: str) -> str | None:
        """Another engine for a video that its own let fail, if the route allows it and it is the first time."""
        route = self._routes.get(video.model)
        if route is None or video.failovers or code not in route.failover:
            return None
        return self._pick(route, self._available_engines(self._other_engines(route, video), video.id), video.id)

    def _other_engines(self, route: Route, video: VideoRecord) -> list[str]:
        return [
            name for name in self._capable_engines(route, required_capabilities(video.recipe)) if name != video.engine
        ]

    def _capable_engines(self, route: Route, required: Collection[str]) -> list[str]:
        known = [self._engines[name] for name in route.engines if name in self._engines]
        return [engine.name for engine in known if all(getattr(engine.capabilities, each) for each in required)]

    def _available_engines(self, names: Collection[str], video_id: str) -> list[str]:
        return [name for name in names if self.breaker.allows(name, self._engines[name].identity, video_id)]

    def _pick(self, route: Route, names: Collection[str], video_id: str) -> str | None:
        chosen = choose_target(route, list(names), self._roll())
        if chosen is not None:
            self.breaker.reserve_probe(chosen, self._engines[chosen].identity, video_id)
        return chosen
