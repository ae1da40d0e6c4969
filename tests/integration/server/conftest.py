"""A complete server over a real store and storage; the tests themselves complete the videos."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import pytest
import uvloop
from msgspec import Struct

from filmgate.config.catalog import Catalog
from filmgate.config.settings import Settings
from filmgate.domain import Asset, AssetKind, VideoError, VideoRecord
from filmgate.net.guard import Guard
from filmgate.security.secret_box import SecretBox
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.app import App, build_app
from filmgate.server.http_protocol import Deadlines
from filmgate.server.serve import serve
from filmgate.services.files import FileService
from filmgate.services.videos import VideoService
from filmgate.services.webhooks import WebhookService
from filmgate.storage import LocalStorage
from filmgate.store import FileQuota, Principal, Store

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

MEDIA_TYPES = {
    AssetKind.VIDEO: ("video/mp4", ".mp4"),
    AssetKind.THUMBNAIL: ("image/webp", ".webp"),
    AssetKind.SPRITESHEET: ("image/jpeg", ".jpg"),
    AssetKind.PREVIEW: ("image/webp", ".webp"),
}


class FakeFlow:
    """Replaces the flow: moves videos through the real store when a test says so."""

    def __init__(self, store: Store, storage: LocalStorage) -> None:
        self.woken: list[str] = []
        self._store = store
        self._storage = storage

    def wake(self, video: VideoRecord) -> None:
        """Record the wakeup that services send after a commit."""
        self.woken.append(video.id)

    async def begin(self, video_id: str) -> None:
        """Record that an engine accepted the video."""
        videos = self._store.videos
        assert await videos.record_intent(video_id, "token", time.time())
        assert await videos.record_ticket(video_id, "token", "ticket", time.time())

    async def advance(self, video_id: str, progress: int) -> None:
        """Report progress."""
        assert await self._store.videos.advance(video_id, progress=progress, working=True, now=time.time())

    async def complete(self, video_id: str, expires_at: float | None = None, **files: bytes) -> None:
        """Store the video's files, named by their kinds, and complete the video."""
        await self.begin(video_id)
        assert await self._store.videos.start_fetching(video_id, time.time())
        assets = [await self._store_file(video_id, AssetKind(kind), data) for kind, data in files.items()]
        assert await self._store.videos.complete(video_id, assets, {}, time.time(), expires_at)

    async def fail(self, video_id: str, code: str = "engine_error") -> None:
        """Fail the video."""
        error = VideoError(code, "The engine gave up.")
        assert await self._store.videos.fail(video_id, error, time.time())

    async def _store_file(self, video_id: str, kind: AssetKind, data: bytes) -> Asset:
        media_type, suffix = MEDIA_TYPES[kind]
        staged = self._storage.staging_path(suffix)
        staged.write_bytes(data)
        stored = await self._storage.commit(staged, f"videos/{video_id}/{kind}{suffix}")
        return Asset(
            kind=kind,
            key=stored.key,
            media_type=media_type,
            bytes=stored.bytes,
            sha256=stored.sha256,
            width=64,
            height=64,
        )


class ApiServer(Struct):
    """The application and its parts."""

    app: App
    store: Store
    storage: LocalStorage
    videos: VideoService
    fake_flow: FakeFlow
    key: str
    principal: Principal
    other_key: str  # of another account
    folder: Path
    files: FileService
    closed: bool = False

    async def close(self) -> None:
        """Close the store while the application runs."""
        self.closed = True
        await self.store.close()

    @property
    def staged(self) -> list[Path]:
        """Uploads in the staging folder."""
        return sorted((self.folder / "files" / "staging").iterdir())


async def set_up(folder: Path, settings: Settings, keep_alive: float = 15.0) -> ApiServer:
    """Build a server in a folder."""
    store = Store.open(folder / "rows.sqlite")
    storage = LocalStorage(folder / "files")
    fake_flow = FakeFlow(store, storage)
    guard, vault = Guard(allow_hosts=settings.allow_hosts), SecretBox.from_keyfile(folder / "vault.key")
    videos = VideoService(
        catalog=Catalog.load(*filter(None, [settings.models])),
        store=store,
        storage=storage,
        engines={},
        select_engine=lambda _model, features, _video, *_: None if set(features) - {"image_input"} else "scene",
        guard=guard,
        secret_box=vault,
        wake=fake_flow.wake,
        clock=time.time,
        image_limit=settings.image_limit,
    )
    keys = []
    for name in ("mine", "yours"):
        account = await store.accounts.create_account(name, None)
        keys.append((await store.accounts.create_key(account.id, name, time.time()))[1])
    principal = await store.accounts.authenticate(keys[0])
    assert principal is not None
    signer = UrlSigner(b"k" * 32, time.time)
    webhooks = WebhookService(store.webhooks, guard, vault, time.time)
    quota = FileQuota(settings.file_count, settings.file_quota)
    files = FileService(store, storage, time.time, quota=quota, max_bytes=settings.body_limit, free_bytes=lambda: 2**40)
    app = build_app(
        videos,
        store,
        storage,
        settings,
        lambda: True,
        signer=signer,
        webhooks=webhooks,
        files=files,
        version=lambda: "1.2.3",
        keep_alive=keep_alive,
    )
    return ApiServer(app, store, storage, videos, fake_flow, keys[0], principal, keys[1], folder, files)


@pytest.fixture
async def api_server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """A server on the test's own loop."""
    server = await set_up(tmp_path, Settings(data=tmp_path, body_limit=40 * 1024 * 1024))
    yield server
    if not server.closed:
        await server.store.close()


@pytest.fixture
async def api(api_server: ApiServer) -> AsyncIterator[httpx2.AsyncClient]:
    """An authenticated client."""
    transport = httpx2.ASGITransport(app=api_server.app)
    headers = {"authorization": f"Bearer {api_server.key}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
        yield client


class LiveServer:
    """A server behind a real socket, in its own thread."""

    def __init__(self, folder: Path, settings: Settings, deadlines: Deadlines, stall_timeout: float) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.api_server: ApiServer
        self._folder = folder
        self._settings = settings
        self._deadlines = deadlines
        self._stall_timeout = stall_timeout
        self._loop: asyncio.AbstractEventLoop
        self._serving: asyncio.Task[None]
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Return once connections are accepted."""
        self._thread.start()
        assert self._up.wait(60)

    def stop(self) -> None:
        """Drain, and wait for the end."""
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def connect(self, **options: Any) -> socket.socket:
        """Open a bare connection."""
        return socket.create_connection((self.host, self.port), timeout=60, **options)

    def client(self) -> httpx2.Client:
        """Return an authenticated client."""
        headers = {"authorization": f"Bearer {self.api_server.key}"}
        return httpx2.Client(base_url=f"http://{self.host}:{self.port}", headers=headers, timeout=60, trust_env=False)

    def head(self, method: str, path: str, *more: str) -> bytes:
        """Return a request's head, with the key."""
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: server",
            f"Authorization: Bearer {self.api_server.key}",
            *more,
            "",
            "",
        ]
        return "\r\n".join(lines).encode()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.api_server = await set_up(self._folder, self._settings, keep_alive=0.2)
        self._serving = asyncio.create_task(
            serve(
                self.api_server.app,
                self.host,
                0,
                on_ready=self._on_ready,
                drain_timeout=2,
                deadlines=self._deadlines,
                stall_timeout=self._stall_timeout,
            )
        )
        await asyncio.wait([self._serving])
        await self.api_server.store.close()

    def _on_ready(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self._up.set()


Launch = Callable[..., LiveServer]
"""Starts a live server; keyword arguments are settings, ``deadlines`` and ``stall_timeout``."""


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start live servers that stop with the test."""
    running: list[LiveServer] = []

    def start(deadlines: Deadlines | None = None, stall_timeout: float = 30.0, **settings: Any) -> LiveServer:
        folder = tmp_path / str(len(running))
        folder.mkdir()
        live = LiveServer(folder, Settings(data=folder, **settings), deadlines or Deadlines(), stall_timeout)
        running.append(live)
        live.start()
        return live

    yield start
    for live in running:
        live.stop()


@pytest.fixture
def live(launch: Launch) -> LiveServer:
    """A live server with the usual settings."""
    return launch()
