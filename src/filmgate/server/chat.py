"""``POST /chat/completions``: a film for programs that only know chat, told while it is made.

What is said stands in :mod:`filmgate.wire.chat`; here is when. A client that hangs up harms nothing: the video was
accepted before the first word, and its id is among the first lines.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.config.catalog import Catalog, Model
from filmgate.domain import Fit, Size, Status, Video, VideoError
from filmgate.errors import UnknownModel, VideoNotFound
from filmgate.security.signed_urls import LinkSigner
from filmgate.server.body import BodyReader
from filmgate.server.disconnect import ClientGone, is_gone
from filmgate.server.request import Call
from filmgate.server.responses import EVENT_STREAM_HEADERS, json_reply
from filmgate.server.shutdown import Patience
from filmgate.services.videos import VideoService
from filmgate.wire import chat
from filmgate.wire.params import CreateParams

__all__ = ["PING_SECONDS", "ChatHandlers"]

PING_SECONDS = 10.0
"""How often something is sent although nothing happened: proxies cut a stream that is silent for 15 s or more."""

LONGEST = 900.0
"""Seconds after which an answer ends although its film goes on."""

TOKEN = 4
"""Characters that count as one token, for programs that want a usage."""

_NO_REASON = VideoError("engine_error", "The engine could not make the video.")


class ChatHandlers:
    """The handler of the one route."""

    def __init__(
        self,
        videos: VideoService,
        body: BodyReader,
        patience: Patience,
        signer: LinkSigner,
        *,
        clock: Callable[[], float] = time.time,
        ping: float = PING_SECONDS,
    ) -> None:
        self._videos = videos
        self._body = body
        self._patience = patience
        self._signer = signer
        self._clock = clock
        self._ping = ping

    async def complete(self, call: Call) -> ASGIApp:
        """Accept the video, then tell of it: at once and bit by bit, or whole when it is done."""
        async with self._body.fields(call.scope, call.receive, ()) as fields:
            params = chat.parse_chat(fields)
            model = _chat_model(self._videos.catalog, params.model)
            wanted = CreateParams(
                prompt=params.prompt,
                model=model.name,
                size=str(_size(model, params.orientation)),
                input_reference=params.image,
                fit=Fit.CROP if params.image else None,
            )
            key, retries = call.idempotency_key, call.retry_count
            video = await self._videos.create(call.principal, wanted, idempotency_key=key, retry_count=retries)
        story = _Story(self, call, params, video)
        return story if params.stream else await story.whole()

    async def tell(self, call: Call, narrator: chat.Narrator, video: Video) -> AsyncGenerator[str, None]:
        """What becomes of a video, piece by piece; an empty piece says that nothing has happened for a while."""
        until = self._clock() + LONGEST
        while not (video.finished or self._patience.over or self._clock() >= until):
            yield narrator.progress(video.progress) if video.status is Status.IN_PROGRESS else ""
            with self._patience.waiting():
                await self._videos.changed(video, self._ping)
            try:
                video = await self._videos.retrieve(call.principal, video.id)
            except VideoNotFound:
                return  # deleted meanwhile: there is nothing more to tell
        yield self._ending(call, narrator, video)

    def _ending(self, call: Call, narrator: chat.Narrator, video: Video) -> str:
        if video.status is Status.COMPLETED:
            return narrator.completed(self._links(call, video))
        return narrator.failed(video.error or _NO_REASON) if video.finished else narrator.waiting()

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def _links(self, call: Call, video: Video) -> chat.Links:
        origin = urlsplit(call.context.base_url)
        base = f"{origin.scheme}://{origin.netloc}/files/{video.id}"

        def link(variant: str) -> str:
            return f"{base}/{variant}?{self._signer.query(video.id, variant, until=video.expires_at)}"

        return chat.Links(preview=link("preview.webp"), player=link("play"), download=link("video.mp4"))


class _Story:
    """One answer: a stream of chunks, or one object."""

    def __init__(self, handlers: ChatHandlers, call: Call, params: chat.ChatParams, video: Video) -> None:
        self._handlers = handlers
        self._call = call
        self._params = params
        self._video = video
        self._narrator = chat.Narrator(params.prompt, video.id)
        self._id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = handlers.now()
        self._said: list[str] = []

    async def whole(self) -> ASGIApp:
        """Wait until it is told, then answer."""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                self._said.append(piece)
        told = "".join(self._said)
        return json_reply(chat.completion(self._id, self._params.model, self._created, told, self._usage()))

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stream it."""
        await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM_HEADERS})
        role: str | None = "assistant"
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if await is_gone(receive):
                    raise ClientGone
                self._said.append(piece)
                event = self._chunk(content=piece, role=role) if piece else chat.PING
                role = None
                await send({"type": "http.response.body", "body": event, "more_body": True})
        for last in self._endings():
            await send({"type": "http.response.body", "body": last, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _pieces(self) -> AsyncGenerator[str, None]:
        yield self._narrator.opening(self._params.orientation, self._video.recipe.seconds)
        async with aclosing(self._handlers.tell(self._call, self._narrator, self._video)) as pieces:
            async for piece in pieces:
                yield piece

    def _endings(self) -> list[bytes]:
        endings = [self._chunk(finish="stop")]
        if self._params.include_usage:
            endings.append(chat.usage_chunk(self._id, self._params.model, self._created, self._usage()))
        return [*endings, chat.DONE]

    def _chunk(self, *, content: str | None = None, role: str | None = None, finish: str | None = None) -> bytes:
        return chat.chunk(self._id, self._params.model, self._created, content=content, role=role, finish=finish)

    def _usage(self) -> chat.Usage:
        asked = -(-len(self._params.prompt) // TOKEN)
        told = -(-sum(map(len, self._said)) // TOKEN)
        return chat.Usage(prompt_tokens=asked, completion_tokens=told, total_tokens=asked + told)


def _chat_model(catalog: Catalog, name: str) -> Model:
    model = catalog.get(name)
    if model is None or not model.chat:
        raise UnknownModel.among(name, [each.name for each in catalog.models() if each.chat])
    return model


def _size(model: Model, orientation: chat.Orientation) -> Size:
    """The model's first size of that orientation; a model without one keeps its default."""
    wide = orientation == "landscape"
    return next((size for size in model.sizes if (size.width > size.height) is wide), model.default_size)
