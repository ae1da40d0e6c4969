"""The classes of the SDK: two columns of one line a method, over the machines of :mod:`filmgate.client.resources`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from filmgate.client import resources
from filmgate.client.answers import VideoData
from filmgate.client.api import Api, api_of
from filmgate.client.bind import awaiting, awaiting_each, blocking, blocking_each
from filmgate.client.drivers import AsyncDriver, Driver
from filmgate.client.endpoint import endpoint
from filmgate.client.exchange import Session
from filmgate.client.experience import Experience
from filmgate.client.reach import addresses_of
from filmgate.client.resources import Resource, VideoHandle
from filmgate.client.webhooks import Webhooks

if TYPE_CHECKING:
    import httpx2

__all__ = ["AsyncClient", "AsyncModels", "AsyncVideo", "AsyncVideos", "Client", "Models", "Video", "Videos"]


def _nobody(host: str) -> Sequence[str]:
    """Where requests don't go over the network of this machine, it is not for it to know its addresses."""
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

    refresh = blocking(resources.refresh)
    wait = blocking(resources.wait)
    events = blocking_each(resources.events)
    save = blocking(resources.save)
    cancel = blocking(resources.stop)
    delete = blocking(resources.remove)


class AsyncVideo(VideoHandle):
    """A video as this program last saw it. Its methods look again, wait, fetch and remove."""

    def __init__(self, videos: AsyncVideos, data: VideoData) -> None:
        super().__init__(videos, data)
        self.driver = videos.driver

    @classmethod
    async def from_id(cls, video_id: str, client: AsyncClient | None = None) -> AsyncVideo:
        """Take up a video again that another program began."""
        return await (client or AsyncClient()).videos.retrieve(video_id)

    refresh = awaiting(resources.refresh)
    wait = awaiting(resources.wait)
    events = awaiting_each(resources.events)
    save = awaiting(resources.save)
    cancel = awaiting(resources.stop)
    delete = awaiting(resources.remove)


class Videos(Resource[Video]):
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: Driver, session: Session, api: Api) -> None:
        super().__init__(session, api)
        self.driver = driver

    def video(self, data: VideoData) -> Video:
        """What the caller holds of it."""
        return Video(self, data)

    create = blocking(resources.create)
    create_and_poll = blocking(resources.create_and_poll)
    remix = blocking(resources.remix)
    edit = blocking(resources.edit)
    extend = blocking(resources.extend)
    create_character = blocking(resources.create_character)
    get_character = blocking(resources.get_character)
    retrieve = blocking(resources.retrieve)
    poll = blocking(resources.poll)
    list = blocking_each(resources.list_)
    cancel = blocking(resources.cancel)
    delete = blocking(resources.delete)
    download_content = blocking(resources.download_content)


class AsyncVideos(Resource[AsyncVideo]):
    """``client.videos``: the calls of the official SDK, by their names."""

    def __init__(self, driver: AsyncDriver, session: Session, api: Api) -> None:
        super().__init__(session, api)
        self.driver = driver

    def video(self, data: VideoData) -> AsyncVideo:
        """What the caller holds of it."""
        return AsyncVideo(self, data)

    create = awaiting(resources.create)
    create_and_poll = awaiting(resources.create_and_poll)
    remix = awaiting(resources.remix)
    edit = awaiting(resources.edit)
    extend = awaiting(resources.extend)
    create_character = awaiting(resources.create_character)
    get_character = awaiting(resources.get_character)
    retrieve = awaiting(resources.retrieve)
    poll = awaiting(resources.poll)
    list = awaiting_each(resources.list_)
    cancel = awaiting(resources.cancel)
    delete = awaiting(resources.delete)
    download_content = awaiting(resources.download_content)


class Models(resources.ModelResource):
    """``client.models``."""

    def __init__(self, driver: Driver, session: Session) -> None:
        super().__init__(session)
        self.driver = driver

    list = blocking(resources.models)


class AsyncModels(resources.ModelResource):
    """``client.models``."""

    def __init__(self, driver: AsyncDriver, session: Session) -> None:
        super().__init__(session)
        self.driver = driver

    list = awaiting(resources.models)


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
        session = Session(
            retries=max_retries,
            vendor=self.endpoint.base_url,
            experience=experience or Experience(),
            resolve=addresses_of if transport is None else _nobody,
        )
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
        session = Session(
            retries=max_retries,
            vendor=self.endpoint.base_url,
            experience=experience or Experience(),
            resolve=addresses_of if transport is None else _nobody,
        )
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
