"""The classes of the SDK: two columns of one line a method, over the machines of :mod:`filmgate.client.operations`."""

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


def _session(at: ApiEndpoint, max_retries: int, experience: DurationHistory | None, *, networked: bool) -> ClientState:
    return ClientState(
        max_retries=max_retries,
        api_address=at.base_url,
        duration_history=experience or DurationHistory(),
        resolve_host=resolve_host if networked else _no_addresses,
    )


def _no_addresses(host: str) -> Sequence[str]:
    """With a transport of the caller's, this machine does not resolve the hosts that requests go to."""
    del host
    return ()


class Video(VideoHandle):
    """A video as this program last saw it. Its methods look again, wait, fetch and remove."""

    def __init__(self, videos: Videos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    def from_id(cls, video_id: str, client: Client | None = None) -> Video:
        """Take up a video again that another program began."""
        return (client or Client()).videos.retrieve(video_id)

    refresh = sync_method(operations.refresh)
    wait = sync_method(operations.wait)
    events = sync_iterator(operations.events)
    save = sync_method(operations.save)
    cancel = sync_method(operations.cancel_video)
    delete = sync_method(operations.delete_video)


class AsyncVideo(VideoHandle):
    """A video as this program last saw it. Its methods look again, wait, fetch and remove."""

    def __init__(self, videos: AsyncVideos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    async def from_id(cls, video_id: str, client: AsyncClient | None = None) -> AsyncVideo:
        """Take up a video again that another program began."""
        return await (client or AsyncClient()).videos.retrieve(video_id)

    refresh = async_method(operations.refresh)
    wait = async_method(operations.wait)
    events = async_iterator(operations.events)
    save = async_method(operations.save)
    cancel = async_method(operations.cancel_video)
    delete = async_method(operations.delete_video)


class Videos(VideosResource[Video]):
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: Driver, state: ClientState, backend: Backend) -> None:
        super().__init__(state, backend)
        self.driver = driver

    def video(self, data: VideoData) -> Video:
        """What the caller holds of it."""
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
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: AsyncDriver, state: ClientState, backend: Backend) -> None:
        super().__init__(state, backend)
        self.driver = driver

    def video(self, data: VideoData) -> AsyncVideo:
        """What the caller holds of it."""
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
        base_url: where the API is, with or without ``/v1``; else ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …; else
            the server on this machine.
        api_key: else ``FILMGATE_API_KEY``, ``OPENAI_API_KEY`` …
        provider: the vendor that is there, spoken to in its own dialect: ``openai``, ``dmxapi``, ``apiyi``,
            ``apiyi-async`` or ``chat``; None: a Filmgate, or whoever speaks as it does.
        max_retries: times that a call is sent again where that is safe.
        transport: how requests get there, e.g. ``httpx2.MockTransport``; the network by default.
        environ: instead of the process's environment.
        duration_history: how long videos took, to look at the right moments; of this client alone unless given.
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
        session = _session(self.endpoint, max_retries, duration_history, networked=transport is None)
        self.videos = Videos(self._driver, session, backend_for(provider))
        self.models = SyncModels(self._driver, session)
        self.webhooks = WebhookVerifier(environ)
        self.generate = self.videos.create

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncClient:
    """An asynchronous client of a video API; close it, or use it as an async context manager.

    Args:
        base_url: where the API is, with or without ``/v1``; else ``FILMGATE_BASE_URL``, ``OPENAI_BASE_URL`` …; else
            the server on this machine.
        api_key: else ``FILMGATE_API_KEY``, ``OPENAI_API_KEY`` …
        provider: the vendor that is there, spoken to in its own dialect: ``openai``, ``dmxapi``, ``apiyi``,
            ``apiyi-async`` or ``chat``; None: a Filmgate, or whoever speaks as it does.
        max_retries: times that a call is sent again where that is safe.
        transport: how requests get there, e.g. ``httpx2.ASGITransport``; the network by default.
        environ: instead of the process's environment.
        duration_history: how long videos took, to look at the right moments; of this client alone unless given.
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
        session = _session(self.endpoint, max_retries, duration_history, networked=transport is None)
        self.videos = AsyncVideos(self._driver, session, backend_for(provider))
        self.models = AsyncModels(self._driver, session)
        self.webhooks = WebhookVerifier(environ)
        self.generate = self.videos.create

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        """Use it."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()
