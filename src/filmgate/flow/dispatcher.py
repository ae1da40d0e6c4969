"""Engine selection on a route: at acceptance, when the video's engine is unavailable, and after a failure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping

from filmgate.config.routing import Route, choose_target
from filmgate.domain import EngineParameters, ParameterRange, VideoRecord
from filmgate.engines.base import Engine, required_capabilities
from filmgate.flow.circuit_breaker import CircuitBreaker

__all__ = ["Dispatcher"]

NO_PARAMETERS = EngineParameters()
"""Of a video that leaves them all to its engine."""


class Dispatcher:
    """Chooses engines.

    Args:
        routes: by model.
        engines: configured engines, by name.
        breaker: circuits of the engines.
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

    def choose(
        self, model: str, required: Collection[str], video_id: str, parameters: EngineParameters = NO_PARAMETERS
    ) -> str | None:
        """Return the engine for a new video: one with the required capabilities, preferably with a closed circuit.

        Args:
            model: model whose route is used.
            required: capabilities, as :func:`filmgate.engines.base.required_capabilities` names them.
            video_id: the new video's id.
            parameters: those that the engine has to take.
        """
        route = self._routes.get(model)
        if route is None:
            return None
        capable = self._capable_engines(route, required, parameters)
        return self._pick(route, self._available_engines(capable, video_id) or capable, video_id)

    def parameters(self, model: str) -> dict[str, ParameterRange]:
        """Return the parameters that any engine of the model takes, and the widest range of each."""
        taken: dict[str, ParameterRange] = {}
        for name in self._routes[model].engines if model in self._routes else ():
            engine = self._engines.get(name)
            for parameter, limits in engine.capabilities.parameters.items() if engine else ():
                taken[parameter] = limits.widened(taken.get(parameter, limits))
        return taken

    def reroute(self, video: VideoRecord) -> str | None:
        """Return another engine for an unsubmitted video whose own engine has an open circuit or is gone.

        A video that failed over (or counts as such, see :mod:`filmgate.ops.backup`) was submitted elsewhere before: it
        stays. One that stays with an engine whose circuit is half open becomes the probe.
        """
        current, route = self._engines.get(video.engine), self._routes.get(video.model)
        if route is None:
            return None
        if current is not None and self.breaker.allows(current.name, current.identity, video.id):
            self.breaker.reserve_probe(current.name, current.identity, video.id)
            return None
        if video.failovers:
            return None
        others = self._other_engines(route, video)
        return self._pick(route, self._available_engines(others, video.id) or ([] if current else others), video.id)

    def candidates(self, video: VideoRecord) -> list[Engine]:
        """Return the available engines to which an unsubmitted video may move while its own makes it wait.

        A video that failed over stays where it is.
        """
        route = self._routes.get(video.model)
        if route is None or video.failovers:
            return []
        return [self._engines[name] for name in self._available_engines(self._other_engines(route, video), video.id)]

    def failover_target(self, video: VideoRecord, code: str) -> str | None:
        """Return another engine after a failure, if the route allows this code and the video never failed over."""
        route = self._routes.get(video.model)
        if route is None or video.failovers or code not in route.failover:
            return None
        return self._pick(route, self._available_engines(self._other_engines(route, video), video.id), video.id)

    def _other_engines(self, route: Route, video: VideoRecord) -> list[str]:
        capable = self._capable_engines(route, required_capabilities(video.recipe), video.recipe.parameters)
        return [name for name in capable if name != video.engine]

    def _capable_engines(self, route: Route, required: Collection[str], parameters: EngineParameters) -> list[str]:
        engines = [self._engines[name] for name in route.engines if name in self._engines]
        return [engine.name for engine in engines if engine.capabilities.fulfil(required, parameters)]

    def _available_engines(self, names: Collection[str], video_id: str) -> list[str]:
        return [name for name in names if self.breaker.allows(name, self._engines[name].identity, video_id)]

    def _pick(self, route: Route, names: Collection[str], video_id: str) -> str | None:
        target = choose_target(route, list(names), self._roll())
        if target is not None:
            self.breaker.reserve_probe(target, self._engines[target].identity, video_id)
        return target
