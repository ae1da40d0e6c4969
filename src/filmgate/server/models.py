"""The handlers of ``/models``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp

from filmgate.config.catalog import Catalog
from filmgate.domain import ParameterRange
from filmgate.errors import ModelNotFound
from filmgate.server.request import RequestContext
from filmgate.server.responses import json_response
from filmgate.wire import openai

__all__ = ["ModelHandlers"]


class ModelHandlers:
    """The models list, with each model's limits in machine-readable form.

    Args:
        catalog: the models.
        parameters: returns the parameters that a model's engines take.
    """

    def __init__(self, catalog: Catalog, parameters: Callable[[str], Mapping[str, ParameterRange]]) -> None:
        self._catalog = catalog
        self._parameters = parameters

    async def list(self, _request: RequestContext) -> ASGIApp:
        """``GET /models``."""
        return json_response(openai.render_models(self._catalog.models(), self._parameters))

    async def retrieve(self, request: RequestContext) -> ASGIApp:
        """``GET /models/{id}``."""
        model = self._catalog.get(request.path_id)
        if model is None:
            raise ModelNotFound(f"The model '{request.path_id[:100]}' does not exist.")
        return json_response(openai.render_model(model, self._parameters(model.name)))
