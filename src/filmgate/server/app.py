"""Assembly of the ASGI application.

Handlers reach videos, characters and webhook endpoints through :mod:`filmgate.services` alone. Four handlers read the
store directly, because no rule stands between the row and the response and a service would only pass the call on:
authentication (:mod:`~filmgate.server.auth`), an account's balance (:mod:`~filmgate.server.usage`), the statistics of
``/metrics`` and the check of ``/readyz``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.config.settings import Settings
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.addresses import Addresses
from filmgate.server.auth import Authenticator
from filmgate.server.body import BodyLimits, BodyReader
from filmgate.server.chat import ChatHandlers
from filmgate.server.cors import CorsPolicy
from filmgate.server.dialect_routes import dialect_routes, operations
from filmgate.server.files import FileHandlers
from filmgate.server.health import Readiness, disk_check, health, openapi_document, running_check, store_check
from filmgate.server.metrics import Metrics, PollCounts
from filmgate.server.middleware import RequestMiddleware
from filmgate.server.models import ModelHandlers
from filmgate.server.request import Handler, HttpEndpoint
from filmgate.server.request_stats import RequestStats
from filmgate.server.shutdown import LongPollRegistry
from filmgate.server.signed_files import SignedFiles
from filmgate.server.sse import KEEP_ALIVE_INTERVAL
from filmgate.server.unknown_path import UnknownPath
from filmgate.server.usage import UsageHandlers
from filmgate.server.videos import VideoHandlers
from filmgate.server.webhooks import WebhookHandlers
from filmgate.services.files import FileService
from filmgate.services.videos import VideoService
from filmgate.services.webhooks import WebhookService
from filmgate.storage.base import Storage
from filmgate.store import Store
from filmgate.wire import openapi_accounts
from filmgate.wire.aggregator import COMFLY, NEW_API, TASKS, UNIFIED
from filmgate.wire.apiyi import APIYI
from filmgate.wire.apiyi_async import APIYI_ASYNC
from filmgate.wire.azure import AZURE
from filmgate.wire.azure_jobs import AZURE_GENERATIONS, AZURE_JOBS
from filmgate.wire.dialect import Dialect
from filmgate.wire.dmxapi import DMXAPI
from filmgate.wire.model_server import MODEL_SERVER
from filmgate.wire.objects import encode
from filmgate.wire.openai import OPENAI

__all__ = ["App", "build_app"]

DIALECTS: tuple[Dialect, ...] = (
    *(OPENAI, DMXAPI, APIYI, APIYI_ASYNC, MODEL_SERVER),
    *(AZURE, AZURE_JOBS, AZURE_GENERATIONS),
    *(UNIFIED, NEW_API, TASKS, COMFLY),
)
"""Every dialect that is served; the first also handles paths outside all base paths."""

ROUTING_ORDER = (TASKS, *(dialect for dialect in DIALECTS if dialect is not TASKS))
"""The dialects in the order of their routes: ``/v1/videos/generations`` comes before ``/v1/videos/{id}``."""


class App:
    """The application and its ``routes``; :meth:`drain` prepares it for shutdown."""

    def __init__(self, app: ASGIApp, long_polls: LongPollRegistry, routes: Sequence[Route] = ()) -> None:
        self.routes = routes
        self._app = app
        self._long_polls = long_polls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await self._app(scope, receive, send)

    def drain(self) -> None:
        """Cancel long polls and event streams, and make ``/healthz`` answer 503."""
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
    files: FileService,
    version: Callable[[], str],
    poll_counts: PollCounts = dict,
    keep_alive: float = KEEP_ALIVE_INTERVAL,
) -> App:
    """Build the application over its services.

    Args:
        videos: the video service.
        store: keys, balances and statistics.
        storage: where uploads are staged.
        settings: limits.
        is_ready: whether the server accepts requests.
        signer: creates and checks links that need no API key.
        webhooks: the webhook endpoint service.
        files: the service of uploaded files.
        version: returns Filmgate's version for the OpenAPI document; called on the first request for it.
        poll_counts: returns the number of polls by engine and result.
        keep_alive: seconds between the keep-alive comments of an event stream.
    """
    long_polls = LongPollRegistry()
    body = BodyReader(storage, BodyLimits(max_bytes=settings.body_limit, timeout=settings.body_timeout))
    video_handlers = VideoHandlers(videos, body, long_polls, keep_alive, signer)
    model_handlers = ModelHandlers(videos.catalog, videos.parameters)
    authenticate = Authenticator(store)
    chat_handlers = ChatHandlers(videos, body, long_polls, signer, background_tasks=settings.chat_background_tasks)
    handlers = operations(video_handlers, model_handlers, chat_handlers)
    routes = [route for dialect in ROUTING_ORDER for route in dialect_routes(dialect, authenticate, handlers)]
    routes += _account_routes(authenticate, WebhookHandlers(webhooks, body), UsageHandlers(store.ledger))
    routes += _file_routes(authenticate, FileHandlers(files, body))
    routes.append(Route("/files/{id}/{name}", SignedFiles(videos, signer)))
    routes += _admin_routes(store, settings, lambda: is_ready() and not long_polls.draining)
    request_stats = RequestStats()
    models = videos.catalog.models()
    metrics = Metrics(
        store.statistics,
        request_stats,
        poll_counts,
        models=[model.name for model in models],
        access=settings.metrics,
        task_counts=chat_handlers.task_counts,
    )
    document = openapi_document(lambda: encode(openapi_accounts.document(models, version(), videos.parameters)))
    routes += [Route("/metrics", metrics), Route("/openapi.json", document)]
    return App(_with_middleware(routes, settings, request_stats), long_polls, routes)


def _with_middleware(routes: Sequence[Route], settings: Settings, request_stats: RequestStats) -> ASGIApp:
    request_stats.register_routes((route.endpoint, route.path) for route in routes)
    unknown_path = UnknownPath(routes, [dialect.base_path for dialect in DIALECTS])
    return RequestMiddleware(
        Router(routes, redirect_slashes=False, default=unknown_path),
        DIALECTS,
        request_stats,
        cors=CorsPolicy(settings.allow_origins),
        address=Addresses(settings.public_url, settings.trusted_proxies),
    )


def _account_routes(authenticate: Authenticator, webhooks: WebhookHandlers, usage: UsageHandlers) -> Iterator[Route]:
    """Routes that belong to an account rather than to a dialect; served under the first dialect's base path alone."""

    def at(path: str, **handlers: Handler) -> Route:
        return Route(OPENAI.base_path + path, HttpEndpoint(OPENAI, authenticate, **handlers))

    yield at("/webhook_endpoints", get=webhooks.list, post=webhooks.create)
    yield at("/webhook_endpoints/{id}", get=webhooks.retrieve, post=webhooks.update, delete=webhooks.delete)
    yield at("/webhook_endpoints/{id}/rotate_secret", post=webhooks.rotate_secret)
    yield at("/webhook_endpoints/{id}/test", post=webhooks.test)
    yield at("/webhook_event_types", get=webhooks.event_types)
    yield at("/usage", get=usage.retrieve)


def _file_routes(authenticate: Authenticator, files: FileHandlers) -> Iterator[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return Route(OPENAI.base_path + path, HttpEndpoint(OPENAI, authenticate, **handlers))

    yield at("/files", get=files.list, post=files.create)
    yield at("/files/{id}", get=files.retrieve, delete=files.delete)
    yield at("/files/{id}/content", get=files.content)


def _admin_routes(store: Store, settings: Settings, is_ready: Callable[[], bool]) -> Iterator[Route]:
    """Routes for the operator's monitoring."""
    checks = {"flow": running_check(is_ready), "store": store_check(store), "disk": disk_check(settings.data)}
    yield Route("/healthz", health(is_ready))
    yield Route("/readyz", Readiness(checks))
