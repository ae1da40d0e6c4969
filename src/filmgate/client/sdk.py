"""The classes of the SDK: two columns of one line a method, over the machines of :mod:`filmgate.client.operations`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from filmgate.client import operations
from filmgate.client.backends.filmgate import Api
from filmgate.client.backends.registry import api_of
from filmgate.client.bind import awaiting, awaiting_each, blocking, blocking_each
from filmgate.client.drivers import AsyncDriver, Driver
from filmgate.client.durations import Experience
from filmgate.client.endpoint import Endpoint, endpoint
from filmgate.client.operations import Resource, VideoHandle
from filmgate.client.responses import VideoData
from filmgate.client.retrying import Session, resolve_host
from filmgate.client.webhooks import Webhooks

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncClient", "AsyncModels", "AsyncVideo", "AsyncVideos", "Client", "Models", "Video", "Videos"]


def _session(at: Endpoint, max_retries: int, experience: Experience | None, *, networked: bool) -> Session:
    return Session(
        retries=max_retries,
        vendor=at.base_url,
        experience=experience or Experience(),
        resolve=resolve_host if networked else _no_addresses,
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

    refresh = blocking(operations.refresh)
    wait = blocking(operations.wait)
    events = blocking_each(operations.events)
    save = blocking(operations.save)
    cancel = blocking(operations.stop)
    delete = blocking(operations.remove)


class AsyncVideo(VideoHandle):
    """A video as this program last saw it. Its methods look again, wait, fetch and remove."""

    def __init__(self, videos: AsyncVideos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    async def from_id(cls, video_id: str, client: AsyncClient | None = None) -> AsyncVideo:
        """Take up a video again that another program began."""
        return await (client or AsyncClient()).videos.retrieve(video_id)

    refresh = awaiting(operations.refresh)
    wait = awaiting(operations.wait)
    events = awaiting_each(operations.events)
    save = awaiting(operations.save)
    cancel = awaiting(operations.stop)
    delete = awaiting(operations.remove)


class Videos(Resource[Video]):
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: Driver, session: Session, api: Api) -> None:
        super().__init__(session, api)
        self.driver = driver

    def video(self, data: VideoData) -> Video:
        """What the caller holds of it."""
        return Video(self, data)

    create = blocking(operations.create)
    create_and_poll = blocking(operations.create_and_poll)
    remix = blocking(operations.remix)
    edit = blocking(operations.edit)
    extend = blocking(operations.extend)
    create_character = blocking(operations.create_character)
    get_character = blocking(operations.get_character)
    retrieve = blocking(operations.retrieve)
    poll = blocking(operations.poll)
    list = blocking_each(operations.list_)
    cancel = blocking(operations.cancel)
    delete = blocking(operations.delete)
    download_content = blocking(operations.download_content)


class AsyncVideos(Resource[AsyncVideo]):
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: AsyncDriver, session: Session, api: Api) -> None:
        super().__init__(session, api)
        self.driver = driver

    def video(self, data: VideoData) -> AsyncVideo:
        """What the caller holds of it."""
        return AsyncVideo(self, data)

    create = awaiting(operations.create)
    create_and_poll = awaiting(operations.create_and_poll)
    remix = awaiting(operations.remix)
    edit = awaiting(operations.edit)
    extend = awaiting(operations.extend)
    create_character = awaiting(operations.create_character)
    get_character = awaiting(operations.get_character)
    retrieve = awaiting(operations.retrieve)
    poll = awaiting(operations.poll)
    list = awaiting_each(operations.list_)
    cancel = awaiting(operations.cancel)
    delete = awaiting(operations.delete)
    download_content = awaiting(operations.download_content)


class Models(operations.ModelResource):
    """``client.models``."""

    def __init__(self, driver: Driver, session: Session) -> None:
        super().__init__(session)
        self.driver = driver

    list = blocking(operations.models)


class AsyncModels(operations.ModelResource):
    """``client.models``."""

    def __init__(self, driver: AsyncDriver, session: Session) -> None:
        super().__init__(session)
        self.driver = driver

    list = awaiting(operations.models)


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
        experience: how long videos took, to look at the right moments; of this client alone unless given.
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
        experience: Experience | None = None,
    ) -> None:
        self.endpoint = endpoint(base_url, api_key, environ, provider)
        self._driver = Driver(self.endpoint, transport)
        session = _session(self.endpoint, max_retries, experience, networked=transport is None)
        self.videos = Videos(self._driver, session, api_of(provider))
        self.models = Models(self._driver, session)
        self.webhooks = Webhooks(environ)
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
        experience: how long videos took, to look at the right moments; of this client alone unless given.
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
        experience: Experience | None = None,
    ) -> None:
        self.endpoint = endpoint(base_url, api_key, environ, provider)
        self._driver = AsyncDriver(self.endpoint, transport)
        session = _session(self.endpoint, max_retries, experience, networked=transport is None)
        self.videos = AsyncVideos(self._driver, session, api_of(provider))
        self.models = AsyncModels(self._driver, session)
        self.webhooks = Webhooks(environ)
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
