"""Which of its route's engines a video goes to: when it is accepted, when its own is out of order, after a failure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping

from filmgate.config.routing import Route, pick
from filmgate.domain import Video
from filmgate.engines.base import Engine, needs
from filmgate.flow.circuit_breaker import Breaker

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
        breaker: Breaker,
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
        able = self._able(route, wanted)
        return self._take(route, self._in_order(able, video_id) or able, video_id)

    def elsewhere(self, video: Video) -> str | None:
        """Another engine for a video that none was asked for yet, if its own is out of order or gone.

        One that failed over (or counts as such, see :mod:`filmgate.ops.backup`) was asked for elsewhere: it stays.
        One that stays with an engine which has just cooled down is from now on the one that tries it.
        """
        own, route = self._engines.get(video.engine), self._routes.get(video.model)
        if route is None:
            return None
        if own is not None and self.breaker.admits(own.name, own.identity, video.id):
            self.breaker.take(own.name, own.identity, video.id)
            return None
        if video.failovers:
            return None
        others = self._others(route, video)
        return self._take(route, self._in_order(others, video.id) or ([] if own else others), video.id)

    def alternatives(self, video: Video) -> list[Engine]:
        """Engines in order to which a video may go that none was asked for, and that has to wait for its own.

        One that failed over stays where it is.
        """
        route = self._routes.get(video.model)
        if route is None or video.failovers:
            return []
        return [self._engines[name] for name in self._in_order(self._others(route, video), video.id)]

    def after(self, video: Video, code: str) -> str | None:
        """Another engine for a video that its own let fail, if the route allows it and it is the first time."""
        route = self._routes.get(video.model)
        if route is None or video.failovers or code not in route.failover:
            return None
        return self._take(route, self._in_order(self._others(route, video), video.id), video.id)

    def _others(self, route: Route, video: Video) -> list[str]:
        return [name for name in self._able(route, needs(video.recipe)) if name != video.engine]

    def _able(self, route: Route, wanted: Collection[str]) -> list[str]:
        known = [self._engines[name] for name in route.engines if name in self._engines]
        return [engine.name for engine in known if all(getattr(engine.capabilities, each) for each in wanted)]

    def _in_order(self, names: Collection[str], video_id: str) -> list[str]:
        return [name for name in names if self.breaker.admits(name, self._engines[name].identity, video_id)]

    def _take(self, route: Route, names: Collection[str], video_id: str) -> str | None:
        chosen = pick(route, list(names), self._roll())
        if chosen is not None:
            self.breaker.take(chosen, self._engines[chosen].identity, video_id)
        return chosen
