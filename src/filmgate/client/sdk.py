"""The SDK's classes: blocking and asynchronous, one line a method, over :mod:`filmgate.client.operations`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from filmgate.client import operations
from filmgate.client.backends.filmgate import Backend
from filmgate.client.backends.registry import backend_for
from filmgate.client.bind import async_iterator, async_method, sync_iterator, sync_method
from filmgate.client.drivers import AsyncDriver, Driver
from filmgate.client.durations import DurationHistory
from filmgate.client.endpoint import ApiEndpoint, resolve_endpoint
from filmgate.client.operations import VideoHandle, VideosResource
from filmgate.client.responses import VideoData
from filmgate.client.retrying import ClientState, resolve_host
from filmgate.client.webhooks import WebhookVerifier

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncClient", "AsyncModels", "AsyncVideo", "AsyncVideos", "Client", "SyncModels", "Video", "Videos"]


def _client_state(
    endpoint: ApiEndpoint, max_retries: int, duration_history: DurationHistory | None, *, networked: bool
) -> ClientState:
    return ClientState(
        max_retries=max_retries,
        api_address=endpoint.base_url,
        duration_history=duration_history or DurationHistory(),
        resolve_host=resolve_host if networked else _no_addresses,
    )


def _no_addresses(host: str) -> Sequence[str]:
    """Replaces DNS lookup when the caller provides a transport: that transport resolves hosts."""
    del host
    return ()


class Video(VideoHandle):
    """A video in its last known state. Its methods poll, wait, download and delete."""

    def __init__(self, videos: Videos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    def from_id(cls, video_id: str, client: Client | None = None) -> Video:
        """Return a handle to a video that another program submitted."""
        return (client or Client()).videos.retrieve(video_id)

    refresh = sync_method(operations.refresh)
    wait = sync_method(operations.wait)
    events = sync_iterator(operations.events)
    save = sync_method(operations.save)
    cancel = sync_method(operations.cancel_video)
    delete = sync_method(operations.delete_video)


class AsyncVideo(VideoHandle):
    """A video in its last known state. Its methods poll, wait, download and delete."""

    def __init__(self, videos: AsyncVideos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    async def from_id(cls, video_id: str, client: AsyncClient | None = None) -> AsyncVideo:
        """Return a handle to a video that another program submitted."""
        return await (client or AsyncClient()).videos.retrieve(video_id)

    refresh = async_method(operations.refresh)
    wait = async_method(operations.wait)
    events = async_iterator(operations.events)
    save = async_method(operations.save)
    cancel = async_method(operations.cancel_video)
    delete = async_method(operations.delete_video)


class Videos(VideosResource[Video]):
    """``client.videos``: the official SDK's calls, under their names."""

    def __init__(self, driver: Driver, state: ClientState, backend: Backend) -> None:
        super().__init__(state, backend)
        self.driver = driver

    def video(self, data: VideoData) -> Video:
        """Wrap a response's data."""
        return Video(self, data)

    create = sync_method(operations.create)
    create_and_poll = sync_method(operations.create_and_poll)
    remix = sync_method(operations.remix)
    edit = sync_method(operations.edit)
    extend = sync_method(operations.extend)
    create_character = sync_method(operations.create_character)
    get_character = sync_method(operations.get_character)
    retrieve = sync_method(operations.retrieve)
    poll = sync_method(operations.poll)
    list = sync_iterator(operations.list_)
    cancel = sync_method(operations.cancel)
    delete = sync_method(operations.delete)
    download_content = sync_method(operations.download_content)


class AsyncVideos(VideosResource[AsyncVideo]):
    """``client.videos``: the official SDK's calls, under their names."""

    def __init__(self, driver: AsyncDriver, state: ClientState, backend: Backend) -> None:
        super().__init__(state, backend)
        self.driver = driver

    def video(self, data: VideoData) -> AsyncVideo:
        """Wrap a response's data."""
        return AsyncVideo(self, data)

    create = async_method(operations.create)
    create_and_poll = async_method(operations.create_and_poll)
    remix = async_method(operations.remix)
    edit = async_method(operations.edit)
    extend = async_method(operations.extend)
    create_character = async_method(operations.create_character)
    get_character = async_method(operations.get_character)
    retrieve = async_method(operations.retrieve)
    poll = async_method(operations.poll)
    list = async_iterator(operations.list_)
    cancel = async_method(operations.cancel)
    delete = async_method(operations.delete)
    download_content = async_method(operations.download_content)


class SyncModels(operations.ModelsResource):
    """``client.models``."""

    def __init__(self, driver: Driver, state: ClientState) -> None:
        super().__init__(state)
        self.driver = driver

    list = sync_method(operations.models)


class AsyncModels(operations.ModelsResource):
    """``client.models``."""

    def __init__(self, driver: AsyncDriver, state: ClientState) -> None:
        super().__init__(state)
        self.driver = driver

    list = async_method(operations.models)


class Client:
    """A blocking client of a video API; close it, or use it as a context manager.

    Args:
        base_url: with or without ``/v1``; default: ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …, or the server on this
            machine.
        api_key: default: ``FILMGATE_API_KEY``, ``OPENAI_API_KEY`` …
        provider: the vendor whose own dialect is used: ``openai``, ``dmxapi``, ``apiyi``, ``apiyi-async`` or ``chat``;
            None: a Filmgate or a compatible server.
        max_retries: retries of a call where they are safe.
        transport: sends requests, e.g. ``httpx2.MockTransport``; default: over the network.
        environ: replaces the process's environment.
        duration_history: how long videos took, for the poll schedule; default: a history of this client alone.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        provider: str | None = None,
        max_retries: int = 2,
        transport: httpx2.BaseTransport | None = None,
        environ: Mapping[str, str] = os.environ,
        duration_history: DurationHistory | None = None,
    ) -> None:
        self.endpoint = resolve_endpoint(base_url, api_key, environ, provider)
        self._driver = Driver(self.endpoint, transport)
        state = _client_state(self.endpoint, max_retries, duration_history, networked=transport is None)
        self.videos = Videos(self._driver, state, backend_for(provider))
        self.models = SyncModels(self._driver, state)
        self.webhooks = WebhookVerifier(environ)
        self.generate = self.videos.create

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncClient:
    """An asynchronous client of a video API; close it, or use it as an async context manager.

    Args:
        base_url: with or without ``/v1``; default: ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …, or the server on this
            machine.
        api_key: default: ``FILMGATE_API_KEY``, ``OPENAI_API_KEY`` …
        provider: the vendor whose own dialect is used: ``openai``, ``dmxapi``, ``apiyi``, ``apiyi-async`` or ``chat``;
            None: a Filmgate or a compatible server.
        max_retries: retries of a call where they are safe.
        transport: sends requests, e.g. ``httpx2.ASGITransport``; default: over the network.
        environ: replaces the process's environment.
        duration_history: how long videos took, for the poll schedule; default: a history of this client alone.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        provider: str | None = None,
        max_retries: int = 2,
        transport: httpx2.AsyncBaseTransport | None = None,
        environ: Mapping[str, str] = os.environ,
        duration_history: DurationHistory | None = None,
    ) -> None:
        self.endpoint = resolve_endpoint(base_url, api_key, environ, provider)
        self._driver = AsyncDriver(self.endpoint, transport)
        state = _client_state(self.endpoint, max_retries, duration_history, networked=transport is None)
        self.videos = AsyncVideos(self._driver, state, backend_for(provider))
        self.models = AsyncModels(self._driver, state)
        self.webhooks = WebhookVerifier(environ)
        self.generate = self.videos.create

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()
