"""The client of commands without a server: opens the database, and starts the application only if needed.

Listing, showing and deleting videos, listing models, and cancelling a video that was not submitted need only the store
and the storage. These requests are answered here, with the server's own rules (:mod:`filmgate.services.library`) and
rendering. Any other request starts the application in this process, which answers it and all later ones.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from filmgate.bootstrap import data_folder
from filmgate.cli.embedded_key import LOCAL_URL, ensure_secret
from filmgate.client import AsyncClient
from filmgate.config.settings import Settings
from filmgate.domain import Stage
from filmgate.errors import FilmgateError
from filmgate.services.library import VideoLibrary
from filmgate.storage import LocalStorage
from filmgate.store import Principal, Store
from filmgate.wire.dialect import Rendered
from filmgate.wire.objects import encode
from filmgate.wire.openai import OPENAI, render_deleted, render_list, render_models, render_video

__all__ = ["client"]


@asynccontextmanager
async def client(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Yield a client of this machine's data folder.

    Args:
        settings: settings of the application, if a request starts it; ``worker``: whether it generates videos.

    Raises:
        SettingsError: the data folder or its database can't be used.
    """
    async with AsyncExitStack() as stack:
        store = data_folder.open_store(settings)
        stack.push_async_callback(store.close)
        secret = await ensure_secret(store, settings.data)
        principal = await store.accounts.authenticate(secret)
        if principal is None:
            raise RuntimeError("the embedded key does not exist")

        async def start() -> httpx2.AsyncBaseTransport:
            from filmgate.cli import embedded  # noqa: PLC0415 - the application: few commands need it

            return await stack.enter_async_context(embedded.transport(settings))

        local = _LocalTransport(_StoreRequests(settings, store, principal), start)
        yield await stack.enter_async_context(
            AsyncClient(base_url=LOCAL_URL, api_key=secret, transport=local, environ={})
        )


class _StoreRequests:
    """Answers requests that need only the store and the storage.

    Args:
        settings: data folder and models.
        store: the rows.
        principal: the principal of the embedded key.
    """

    def __init__(self, settings: Settings, store: Store, principal: Principal) -> None:
        self._settings = settings
        self._store = store
        self._principal = principal
        self._videos = VideoLibrary(store, LocalStorage(settings.data / "files"), time.time)

    async def answer(self, method: str, path: str, params: Mapping[str, str]) -> Rendered | None:
        """Return the response body; None if the request needs the application.

        Raises:
            FilmgateError: the error that the server would respond with.
        """
        match (method, *path.strip("/").split("/")):
            case ("GET", "v1", "videos"):
                return await self._list(params)
            case ("GET", "v1", "videos", video_id) if not params:
                return render_video(await self._videos.retrieve(self._principal, video_id))
            case ("DELETE", "v1", "videos", video_id):
                await self._videos.delete(self._principal, video_id)
                return render_deleted(video_id)
            case ("POST", "v1", "videos", video_id, "cancel"):
                return await self._cancel(video_id)
            case ("GET", "v1", "models"):
                return self._models()
        return None

    async def _list(self, params: Mapping[str, str]) -> Rendered:
        page, has_more = await self._videos.list(
            self._principal,
            after=params.get("after"),
            limit=int(params.get("limit", 20)),
            ascending=params.get("order") == "asc",
        )
        return render_list(page, has_more)

    async def _cancel(self, video_id: str) -> Rendered | None:
        video = await self._videos.retrieve(self._principal, video_id)
        if not video.finished and video.stage is not Stage.ACCEPTED:
            return None  # the engine has to cancel its job
        video = await self._store.videos.request_cancel(video_id, self._principal.account_id, time.time())
        from filmgate.flow.cancel import cancel_unsubmitted  # noqa: PLC0415 - only this request needs it

        if not await cancel_unsubmitted(self._store.videos, video, time.time):
            return None
        return render_video(await self._videos.retrieve(self._principal, video_id))

    def _models(self) -> Rendered:
        from filmgate.bootstrap import engine_factory  # noqa: PLC0415 - only this request needs it

        return render_models(engine_factory.load_catalog(self._settings).models())


class _LocalTransport(httpx2.AsyncBaseTransport):
    """Answers by ``_StoreRequests``; any other request starts the application, which answers from then on."""

    def __init__(self, requests: _StoreRequests, start: Callable[[], Awaitable[httpx2.AsyncBaseTransport]]) -> None:
        self._requests = requests
        self._start = start
        self._application: httpx2.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._application is None:
            url = request.url
            try:
                body = await self._requests.answer(request.method, url.path, dict(url.params))
            except FilmgateError as error:
                rendered = OPENAI.render_error(error)
                return _response(rendered.status, rendered.body, rendered.headers)
            if body is not None:
                return _response(200, body)
            self._application = await self._start()
        return await self._application.handle_async_request(request)


def _response(status: int, body: Rendered, headers: Mapping[str, str] = {}) -> httpx2.Response:
    return httpx2.Response(status, headers={"content-type": "application/json", **headers}, content=encode(body))
