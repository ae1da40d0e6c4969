"""The ASGI application, assembled.

Handlers reach videos, characters and webhook endpoints through :mod:`filmgate.services` alone. Four reads go straight
to the store, because no rule stands between the row and the response, and a service would only pass the call on: the
key of a request (:mod:`~filmgate.server.auth`), an account's balance (:mod:`~filmgate.server.usage`), the figures of
``/metrics`` and the check of ``/readyz``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.config.settings import Settings
from filmgate.errors import UnknownUrl
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.auth import Authenticator
from filmgate.server.body import BodyLimits, BodyReader
from filmgate.server.chat import ChatHandlers
from filmgate.server.health import Readiness, disk_check, health, openapi_document, running_check, store_check
from filmgate.server.metrics import Metrics, PollCounts
from filmgate.server.middleware import RequestMiddleware
from filmgate.server.models import ModelHandlers
from filmgate.server.request import Handler, HttpEndpoint
from filmgate.server.request_stats import RequestStats
from filmgate.server.shutdown import LongPollRegistry
from filmgate.server.signed_files import SignedFiles
from filmgate.server.sse import KEEP_ALIVE_INTERVAL
from filmgate.server.usage import UsageHandlers
from filmgate.server.videos import VideoHandlers
from filmgate.server.webhooks import WebhookHandlers
from filmgate.services.videos import VideoService
from filmgate.services.webhooks import WebhookService
from filmgate.storage.base import Storage
from filmgate.store import Store
from filmgate.wire import openapi_accounts
from filmgate.wire.apiyi import APIYI
from filmgate.wire.apiyi_async import APIYI_ASYNC
from filmgate.wire.dialect import Dialect
from filmgate.wire.dmxapi import DMXAPI
from filmgate.wire.objects import encode
from filmgate.wire.openai import OPENAI

__all__ = ["App", "build_app"]

DIALECTS: tuple[Dialect, ...] = (OPENAI, DMXAPI, APIYI, APIYI_ASYNC)
"""Every spelling of the API that is served; the first answers for paths that belong to none."""


class App:
    """The application and its table of ``routes``; :meth:`drain` tells it that the server is about to stop."""

    def __init__(self, app: ASGIApp, long_polls: LongPollRegistry, routes: Sequence[Route] = ()) -> None:
        self.routes = routes
        self._app = app
        self._long_polls = long_polls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    def drain(self) -> None:
        """End long polls and event streams, and say so at /healthz."""
        self._long_polls.cancel_all()


def build_app(
    videos: VideoService,
    store: Store,
    storage: Storage,
    settings: Settings,
    is_ready: Callable[[], bool],
    *,
    signer: UrlSigner,
    webhooks: WebhookService,
    version: Callable[[], str],
    poll_counts: PollCounts = dict,
    keep_alive: float = KEEP_ALIVE_INTERVAL,
) -> App:
    """The application over its use cases.

    Args:
        videos: the use cases of videos.
        store: keys, balances and figures.
        storage: where uploads are staged.
        settings: limits.
        is_ready: whether the server accepts requests.
        signer: creates and checks links that need no API key.
        webhooks: the use cases of webhook endpoints.
        version: of Filmgate, for the OpenAPI document; called when it is first requested.
        poll_counts: at engines, counted by engine and by what was seen.
        keep_alive: seconds between the signs of life of an event stream.
    """
    patience = LongPollRegistry()
    body = BodyReader(storage, BodyLimits(max_bytes=settings.body_limit, timeout=settings.body_timeout))
    films = VideoHandlers(videos, body, patience, keep_alive)
    models = ModelHandlers(videos.catalog)
    authenticate = Authenticator(store)
    told = ChatHandlers(videos, body, patience, signer)
    routes = [route for dialect in DIALECTS for route in _routes(dialect, authenticate, films, models, told)]
    routes += _account_routes(authenticate, WebhookHandlers(webhooks, body), UsageHandlers(store.ledger))
    routes.append(Route("/files/{id}/{name}", SignedFiles(videos, signer)))
    routes += _admin_routes(store, settings, lambda: is_ready() and not patience.draining)
    traffic = RequestStats()
    names = [model.name for model in videos.catalog.models()]
    routes.append(
        Route("/metrics", Metrics(store.statistics, traffic, poll_counts, models=names, access=settings.metrics))
    )
    offered = videos.catalog.models()
    routes.append(
        Route("/openapi.json", openapi_document(lambda: encode(openapi_accounts.document(offered, version()))))
    )
    traffic.register_routes((route.endpoint, route.path) for route in routes)
    router = Router(routes, redirect_slashes=False, default=_unknown_url)
    return App(RequestMiddleware(router, DIALECTS, traffic), patience, routes)


def _routes(
    dialect: Dialect, authenticate: Authenticator, videos: VideoHandlers, models: ModelHandlers, chat: ChatHandlers
) -> Iterator[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return Route(dialect.base_path + path, HttpEndpoint(dialect, authenticate, **handlers))

    # The first route that fits answers: fixed names stand before ids.
    yield at("/videos/edits", post=videos.edit)
    yield at("/videos/extensions", post=videos.extend)
    yield at("/videos/characters", post=videos.create_character)
    yield at("/videos/characters/{id}", get=videos.retrieve_character)
    yield at("/videos/{id}/remix", post=videos.remix)
    yield at("/videos/{id}", get=videos.retrieve, delete=videos.delete)
    yield at("/videos", get=videos.list, post=videos.create)
    yield at("/videos/{id}/content", get=videos.content)
    yield at("/videos/{id}/events", get=videos.events)
    yield at("/videos/{id}/cancel", post=videos.cancel)
    yield at("/models", get=models.list)
    yield at("/models/{id}", get=models.retrieve)
    yield at("/chat/completions", post=chat.complete)


def _account_routes(authenticate: Authenticator, webhooks: WebhookHandlers, usage: UsageHandlers) -> Iterator[Route]:
    """What belongs to an account rather than to a spelling of the API; under the first dialect's path alone."""

    def at(path: str, **handlers: Handler) -> Route:
        return Route(OPENAI.base_path + path, HttpEndpoint(OPENAI, authenticate, **handlers))

    yield at("/webhook_endpoints", get=webhooks.list, post=webhooks.create)
    yield at("/webhook_endpoints/{id}", get=webhooks.retrieve, post=webhooks.update, delete=webhooks.delete)
    yield at("/webhook_endpoints/{id}/rotate_secret", post=webhooks.rotate_secret)
    yield at("/webhook_endpoints/{id}/test", post=webhooks.test)
    yield at("/webhook_event_types", get=webhooks.event_types)
    yield at("/usage", get=usage.retrieve)


def _admin_routes(store: Store, settings: Settings, is_ready: Callable[[], bool]) -> Iterator[Route]:
    """For whoever keeps the server running."""
    checks = {"flow": running_check(is_ready), "store": store_check(store), "disk": disk_check(settings.data)}
    yield Route("/healthz", health(is_ready))
    yield Route("/readyz", Readiness(checks))


async def _unknown_url(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise UnknownUrl(f"Invalid URL ({scope['method']} {scope['path']})")
