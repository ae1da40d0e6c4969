"""``POST /chat/completions``: creates a video for chat-only programs and streams its progress as text.

:mod:`filmgate.wire.chat` holds the texts; this module decides when to send them. A client that disconnects harms
nothing: the video is accepted before the first text, and its id is among the first lines.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.config.catalog import Catalog, Model
from filmgate.domain import Fit, Size, Status, VideoError, VideoRecord
from filmgate.errors import InvalidKey, NotAChatModel, UnknownModel, VideoNotFound
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.body import BodyReader
from filmgate.server.disconnect import ClientDisconnect, is_disconnected
from filmgate.server.request import RequestContext
from filmgate.server.responses import EVENT_STREAM_HEADERS, Response, json_response
from filmgate.server.shutdown import LongPollRegistry
from filmgate.services.videos import VideoService
from filmgate.wire import chat, chat_tasks
from filmgate.wire.params import CreateParams

__all__ = ["PING_INTERVAL", "ChatHandlers"]

PING_INTERVAL = 10.0
"""Seconds after which a ping is sent if nothing happened: proxies cut a stream that is silent for 15 s or more."""

MAX_STREAM_SECONDS = 900.0
"""Seconds after which a response ends although its video is unfinished."""

CHARACTERS_PER_TOKEN = 4
"""Characters that count as one token, for programs that expect a usage."""

_UNKNOWN_ERROR = VideoError("engine_error", "The engine could not make the video.")


class ChatHandlers:
    """Handler of ``POST /chat/completions``."""

    def __init__(
        self,
        videos: VideoService,
        body_reader: BodyReader,
        long_polls: LongPollRegistry,
        signer: UrlSigner,
        *,
        clock: Callable[[], float] = time.time,
        ping_interval: float = PING_INTERVAL,
        background_tasks: bool = True,
    ) -> None:
        self._answers_tasks = background_tasks
        self.task_counts: Counter[str] = Counter()
        self._videos = videos
        self._body_reader = body_reader
        self._long_polls = long_polls
        self._signer = signer
        self._clock = clock
        self._ping_interval = ping_interval

    async def complete(self, request: RequestContext) -> ASGIApp:
        """Create the video, then stream its progress, or respond with the whole text once it ends."""
        async with self._body_reader.read_fields(request.scope, request.receive, ()) as fields:
            params = chat.parse_chat(fields)
            model = _chat_model(self._videos.catalog, params.model)
            if self._answers_tasks and (task := chat_tasks.detect_task(fields)):
                self.task_counts[task.name] += 1
                return self._answer(params, task.answer)
            create_params = CreateParams(
                prompt=params.prompt,
                model=model.name,
                size=str(_size(model, params.orientation)),
                input_reference=params.image,
                fit=Fit.CROP if params.image else None,
            )
            key, retry_count = request.idempotency_key, request.retry_count
            video = await self._videos.create(
                request.principal, create_params, idempotency_key=key, retry_count=retry_count
            )
        stream = _ChatStream(self, request, params, video)
        return stream if params.stream else await stream.complete()

    async def stream_progress(
        self, request: RequestContext, progress_text: chat.ChatProgressText, video: VideoRecord
    ) -> AsyncGenerator[str, None]:
        """Yield a video's progress text piece by piece; an empty piece means that nothing happened for a while."""
        deadline = self._clock() + MAX_STREAM_SECONDS
        while not (video.finished or self._long_polls.draining or self._clock() >= deadline):
            yield progress_text.progress(video.progress) if video.status is Status.IN_PROGRESS else ""
            with self._long_polls.long_poll():
                await self._videos.changed(video, self._ping_interval)
            try:
                await request.check_key()
                video = await self._videos.retrieve(request.principal, video.id)
            except (InvalidKey, VideoNotFound):
                return  # the key was revoked or the video deleted meanwhile: no more text follows
        yield self._final_text(request, progress_text, video)

    def _final_text(self, request: RequestContext, progress_text: chat.ChatProgressText, video: VideoRecord) -> str:
        if video.status is Status.COMPLETED:
            return progress_text.completed(self._links(request, video))
        return progress_text.failed(video.error or _UNKNOWN_ERROR) if video.finished else progress_text.still_running()

    def _answer(self, params: chat.ChatParams, text: str) -> Response:
        """Return a whole response that is text alone, streamed if it was asked for so."""
        completion_id, now = _new_completion_id(), self.unix_time()
        usage = _token_usage(params.prompt, len(text))
        if not params.stream:
            return json_response(chat.completion(completion_id, params.model, now, text, usage))
        events = [
            chat.chunk(completion_id, params.model, now, content=text, role="assistant"),
            chat.chunk(completion_id, params.model, now, finish_reason="stop"),
        ]
        if params.include_usage:
            events.append(chat.usage_chunk(completion_id, params.model, now, usage))
        body = b"".join([*events, chat.DONE_EVENT])
        return Response(200, [*EVENT_STREAM_HEADERS, (b"content-length", b"%d" % len(body))], body)

    def unix_time(self) -> int:
        """Return the current time in whole Unix seconds."""
        return int(self._clock())

    def _links(self, request: RequestContext, video: VideoRecord) -> chat.ChatLinks:
        base = f"{request.render_context.origin}/files/{video.id}"

        def link(variant: str) -> str:
            return f"{base}/{variant}?{self._signer.signed_query(video.id, variant, expires_at=video.expires_at)}"

        return chat.ChatLinks(preview=link("preview.webp"), player=link("play"), download=link("video.mp4"))


class _ChatStream:
    """One response: a stream of chunks, or one object."""

    def __init__(
        self, handlers: ChatHandlers, request: RequestContext, params: chat.ChatParams, video: VideoRecord
    ) -> None:
        self._handlers = handlers
        self._request = request
        self._params = params
        self._video = video
        self._progress_text = chat.ChatProgressText(params.prompt, video.id)
        self._id = _new_completion_id()
        self._created = handlers.unix_time()
        self._sent_pieces: list[str] = []

    async def complete(self) -> ASGIApp:
        """Wait until the video ends, then return the whole text."""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                self._sent_pieces.append(piece)
        text = "".join(self._sent_pieces)
        return json_response(chat.completion(self._id, self._params.model, self._created, text, self._usage()))

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Stream the text."""
        await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM_HEADERS})
        role: str | None = "assistant"
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if await is_disconnected(receive):
                    raise ClientDisconnect
                self._sent_pieces.append(piece)
                event = self._chunk(content=piece, role=role) if piece else chat.PING_COMMENT
                role = None
                await send({"type": "http.response.body", "body": event, "more_body": True})
        for last in self._closing_events():
            await send({"type": "http.response.body", "body": last, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _pieces(self) -> AsyncGenerator[str, None]:
        size = self._video.recipe.size  # the model's name may have chosen it
        orientation: chat.Orientation = "landscape" if size.width > size.height else "portrait"
        yield self._progress_text.opening(orientation, self._video.recipe.seconds)
        async with aclosing(self._handlers.stream_progress(self._request, self._progress_text, self._video)) as pieces:
            async for piece in pieces:
                yield piece

    def _closing_events(self) -> list[bytes]:
        closing_events = [self._chunk(finish="stop")]
        if self._params.include_usage:
            closing_events.append(chat.usage_chunk(self._id, self._params.model, self._created, self._usage()))
        return [*closing_events, chat.DONE_EVENT]

    def _chunk(self, *, content: str | None = None, role: str | None = None, finish: str | None = None) -> bytes:
        return chat.chunk(self._id, self._params.model, self._created, content=content, role=role, finish_reason=finish)

    def _usage(self) -> chat.TokenUsage:
        return _token_usage(self._params.prompt, sum(map(len, self._sent_pieces)))


def _new_completion_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


def _token_usage(prompt: str, characters: int) -> chat.TokenUsage:
    prompt_tokens = -(-len(prompt) // CHARACTERS_PER_TOKEN)
    completion_tokens = -(-characters // CHARACTERS_PER_TOKEN)
    return chat.TokenUsage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
    )


def _chat_model(catalog: Catalog, name: str) -> Model:
    model = catalog.get(name)
    if model is not None and model.chat:
        return model
    known = [each.name for each in catalog.models() if each.chat]
    raise UnknownModel.with_known(name, known) if model is None else NotAChatModel(name, known)


def _size(model: Model, orientation: chat.Orientation) -> Size:
    """Return the model's first size of that orientation, else its default size."""
    wide = orientation == "landscape"
    return next((size for size in model.sizes if (size.width > size.height) is wide), model.default_size)
