"""The routes of a dialect: its paths, with the handlers of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Scope

from filmgate.server.auth import Authenticator
from filmgate.server.chat import ChatHandlers
from filmgate.server.models import ModelHandlers
from filmgate.server.request import Handler, HttpEndpoint
from filmgate.server.videos import VideoHandlers
from filmgate.wire.dialect import Dialect

__all__ = ["dialect_routes", "operations"]


def operations(videos: VideoHandlers, models: ModelHandlers, chat: ChatHandlers) -> dict[str, Handler]:
    """Return the handler of every operation that a dialect's route can name."""
    return {
        "create": videos.create,
        "retrieve": videos.retrieve,
        "list": videos.list,
        "delete": videos.delete,
        "cancel": videos.cancel,
        "events": videos.events,
        "content": videos.content,
        "thumbnail": videos.thumbnail,
        "remix": videos.remix,
        "edit": videos.edit,
        "extend": videos.extend,
        "create_character": videos.create_character,
        "retrieve_character": videos.retrieve_character,
        "delete_character": videos.delete_character,
        "list_models": models.list,
        "retrieve_model": models.retrieve,
        "chat": chat.complete,
    }


def dialect_routes(dialect: Dialect, authenticate: Authenticator, handlers: Mapping[str, Handler]) -> Iterator[Route]:
    """Yield the dialect's routes under each of its base paths, in its order."""
    for base_path in dialect.base_paths:
        for route in dialect.routes:
            named = {"get": route.get, "post": route.post, "delete": route.delete}
            methods = {method: handlers[name] for method, name in named.items() if name is not None}
            served = PrefixedRoute(base_path + route.path, HttpEndpoint(dialect, authenticate, **methods))
            served.path = served.path_format  # without the kinds of parameters, as metrics and documentation have it
            yield served


class PrefixedRoute(Route):
    """A route that compares its fixed beginning before its pattern: a poll passes eight others first."""

    def __init__(self, path: str, endpoint: ASGIApp) -> None:
        super().__init__(path, endpoint)
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route does."""
        return super().matches(scope) if scope["path"].startswith(self._beginning) else _NO_MATCH


_NO_MATCH: tuple[Match, Scope] = (Match.NONE, {})


class _NameConvertor(StringConvertor):
    """The name of a model, which may hold slashes, percent-encoded or not: ``{id:name}``."""

    regex = ".+"


register_url_convertor("name", _NameConvertor())
