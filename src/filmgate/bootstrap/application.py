"""The composition root: settings in, a running Filmgate out. The only module that assembles all layers."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import structlog

from filmgate.bootstrap.data_folder import prepare
from filmgate.bootstrap.engine_factory import build_engines, engine_rebuilder
from filmgate.config.settings import Settings
from filmgate.engines.base import Engine
from filmgate.flow.circuit_breaker import CircuitBreaker
from filmgate.flow.dispatcher import Dispatcher
from filmgate.flow.engine_registry import EngineRegistry
from filmgate.flow.failpoint import failpoint
from filmgate.flow.supervisor import FlowSupervisor
from filmgate.flow.webhook_sender import WebhookSender
from filmgate.net.guard import Guard
from filmgate.ops.data_lock import DataLock, acquire
from filmgate.security import keyfile
from filmgate.security.secret_box import SecretBox
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.app import App, build_app
from filmgate.services.files import FileService
from filmgate.services.videos import VideoService
from filmgate.services.webhooks import WebhookService
from filmgate.storage import LocalStorage
from filmgate.store import FileQuota, Store

__all__ = ["Application", "Role", "build_application"]

Role = Literal["server", "worker", "embedded"]
"""What this process is to its data folder: the one server, one of many workers, or a program of its own."""


class Application:
    """One assembled Filmgate. Use it as an async context manager: inside, it serves requests and makes videos."""

    def __init__(
        self,
        *,
        settings: Settings,
        lock: DataLock,
        store: Store,
        storage: LocalStorage,
        engines: Mapping[str, Engine],
        flow: FlowSupervisor,
        videos: VideoService,
        signer: UrlSigner,
        webhooks: WebhookService,
        files: FileService,
    ) -> None:
        self.settings = settings
        self.lock = lock
        self.store = store
        self.storage = storage
        self.engines = engines
        self.flow = flow
        self.videos = videos
        self.app: App = build_app(
            videos,
            store,
            storage,
            settings,
            lambda: self.ready and flow.ready,
            signer=signer,
            webhooks=webhooks,
            files=files,
            version=partial(version, "filmgate"),
            poll_counts=lambda: flow.poll_counts,
        )
        self.ready = False
        self._exit = AsyncExitStack()

    async def start(self) -> None:
        """Start the flow and accept requests. Engines warm up in the background."""
        self._exit.callback(self.lock.release)
        self._exit.push_async_callback(self.store.close)
        if self.settings.worker:
            for engine in self.engines.values():
                self._exit.push_async_callback(engine.stop)
                await engine.start()
        self._exit.push_async_callback(self.flow.stop)
        await self.flow.start()
        self.ready = True

    async def stop(self) -> None:
        """Stop in reverse order; unfinished videos resume at the next start."""
        self.ready = False
        await self._exit.aclose()

    async def __aenter__(self) -> Self:
        """Start; a start that fails leaves nothing running."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()


def build_application(
    settings: Settings, role: Role = "server", environ: Mapping[str, str] = os.environ
) -> Application:
    """Assemble everything and lock the data folder; nothing runs yet.

    Args:
        settings: the whole configuration.
        role: this process's role in the data folder.
        environ: where the keys named by ``key_env`` are read.

    Raises:
        SettingsError: a setting can't be used, or another server holds the data folder.
    """
    _log_to_stderr(settings.log_level)
    data = prepare(settings.data)
    lock = acquire(data, role, exclusive=role == "server")
    store = Store.open(data / "filmgate.sqlite")
    storage = LocalStorage(data / "files")
    secret_box = SecretBox.from_keyfile(data / "secrets" / "vault.key")
    guard = Guard(allow_hosts=settings.allow_hosts)
    configured = build_engines(settings, environ, secret_box)
    rebuild = engine_rebuilder(settings, secret_box)
    dispatcher = Dispatcher(configured.routes, configured.engines, CircuitBreaker(time.time))
    flow = FlowSupervisor(
        store,
        storage,
        configured.engines,
        data=data,
        executor_id=lock.executor_id,
        retention=settings.retention,
        clock=time.time,
        checkpoint=failpoint(settings.failpoint),
        worker=settings.worker,
        on_demand=role == "embedded" and not settings.worker,
        dispatcher=dispatcher,
        registry=EngineRegistry(configured.engines, store.engine_identities, configured.identities, rebuild),
        webhook_sender=WebhookSender(store, secret_box, guard.post, time.time),
    )
    videos = VideoService(
        catalog=configured.catalog,
        store=store,
        storage=storage,
        engines=configured.engines,
        select_engine=dispatcher.choose,
        parameters=dispatcher.parameters,
        guard=guard,
        secret_box=secret_box,
        wake=flow.wake,
        clock=time.time,
        image_limit=settings.image_limit,
        character_limit=settings.character_count,
    )
    return Application(
        settings=settings,
        lock=lock,
        store=store,
        storage=storage,
        engines=configured.engines,
        flow=flow,
        videos=videos,
        signer=UrlSigner(keyfile.load_or_create(data / "secrets" / "links.key"), time.time),
        webhooks=WebhookService(store.webhooks, guard, secret_box, time.time),
        files=_file_service(settings, store, storage, data),
    )


def _file_service(settings: Settings, store: Store, storage: LocalStorage, data: Path) -> FileService:
    return FileService(
        store,
        storage,
        time.time,
        quota=FileQuota(settings.file_count, settings.file_quota),
        max_bytes=settings.body_limit,
        free_bytes=lambda: shutil.disk_usage(data).free,
    )


def _log_to_stderr(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
