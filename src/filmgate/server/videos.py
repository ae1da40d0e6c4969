"""The handlers of ``/videos``: a call in, an answer out; what is done stands in :mod:`filmgate.services.videos`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from starlette.types import ASGIApp

from filmgate.domain import AssetKind, Video
from filmgate.errors import TooManyRequests
from filmgate.server.body import BodyReader
from filmgate.server.content import content_reply
from filmgate.server.errors import error_reply
from filmgate.server.request import Call
from filmgate.server.responses import Header, Reply, json_reply
from filmgate.server.shutdown import Patience
from filmgate.server.sse import EventStream
from filmgate.services.library import VideoContent
from filmgate.services.videos import VideoService
from filmgate.wire import revision
from filmgate.wire.params import CreateParams, Fields, RevisionParams

__all__ = ["VideoHandlers"]

LONGEST_WAIT = 60
"""Seconds of the longest long poll."""

_VARIANTS = {
    str(kind): kind for kind in (AssetKind.VIDEO, AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW)
}

Params = TypeVar("Params", CreateParams, RevisionParams)


class VideoHandlers:
    """One method a route."""

    def __init__(self, videos: VideoService, body: BodyReader, patience: Patience, keep_alive: float) -> None:
        self._videos = videos
        self._body = body
        self._patience = patience
        self._keep_alive = keep_alive

    async def create(self, call: Call) -> ASGIApp:
        """``POST /videos``."""
        return await self._accept(call, call.dialect.file_fields, call.dialect.parse_create, self._videos.create)

    async def remix(self, call: Call) -> ASGIApp:
        """``POST /videos/{id}/remix``."""
        parse = partial(revision.parse_remix, video_id=call.target)
        return await self._accept(call, revision.FILE_FIELDS, parse, self._videos.revise)

    async def edit(self, call: Call) -> ASGIApp:
        """``POST /videos/edits``."""
        return await self._accept(call, revision.FILE_FIELDS, revision.parse_edit, self._videos.revise)

    async def extend(self, call: Call) -> ASGIApp:
        """``POST /videos/extensions``."""
        return await self._accept(call, revision.FILE_FIELDS, revision.parse_extension, self._videos.revise)

    async def create_character(self, call: Call) -> ASGIApp:
        """``POST /videos/characters``."""
        key, retries = call.idempotency_key, call.retry_count
        async with self._body.fields(call.scope, call.receive, revision.FILE_FIELDS) as fields:
            params = revision.parse_character(fields)
            made = await self._videos.characters.create(
                call.principal, params, idempotency_key=key, retry_count=retries
            )
        return json_reply(revision.render_character(made))

    async def retrieve_character(self, call: Call) -> ASGIApp:
        """``GET /videos/characters/{id}``."""
        return json_reply(revision.render_character(await self._videos.characters.get(call.principal, call.target)))

    async def retrieve(self, call: Call) -> ASGIApp:
        """``GET /videos/{id}?wait=``: now, or as soon as something changes."""
        seconds = call.whole("wait", 0, LONGEST_WAIT)
        video = await self._videos.retrieve(call.principal, call.target)
        if seconds and not video.finished:
            with self._patience.waiting():
                video = await self._videos.wait(call.principal, call.target, seconds)
        return await self._answer(call, video)

    async def list(self, call: Call) -> ASGIApp:
        """``GET /videos?after&limit&order``."""
        limit = call.whole("limit", 20, 100)
        ascending = call.choice("order", "desc", "asc", "desc") == "asc"
        after = call.query.get("after") or None
        page, more = await self._videos.list(call.principal, after=after, limit=limit, ascending=ascending)
        return json_reply(call.dialect.render_list(page, more, call.context))

    async def delete(self, call: Call) -> ASGIApp:
        """``DELETE /videos/{id}``; a body that came with it is of no interest."""
        await self._videos.delete(call.principal, call.target)
        return json_reply(call.dialect.render_deleted(call.target))

    async def cancel(self, call: Call) -> ASGIApp:
        """``POST /videos/{id}/cancel``."""
        return await self._answer(call, await self._videos.cancel(call.principal, call.target))

    async def events(self, call: Call) -> ASGIApp:
        """``GET /videos/{id}/events``."""
        video = await self._videos.retrieve(call.principal, call.target)
        return EventStream(call, video, self._videos, self._patience, self._keep_alive)

    async def content(self, call: Call) -> ASGIApp:
        """``GET /videos/{id}/content?variant=``."""
        variant = _VARIANTS[call.choice("variant", "video", *_VARIANTS)]
        content = await self._opened(call, variant)
        return content_reply(call, content, call.dialect.content_headers(call.target, variant))

    async def _opened(self, call: Call, kind: AssetKind) -> VideoContent:
        dialect = call.dialect
        if dialect.hold_content:
            with self._patience.waiting():
                return await self._videos.content(
                    call.principal, call.target, kind, wait_seconds=dialect.hold_content, retention=dialect.retention
                )
        # Also where a stopping server let the waiting go: how it stands now is the answer.
        return await self._videos.content(call.principal, call.target, kind, retention=dialect.retention)

    async def _accept(
        self,
        call: Call,
        file_fields: frozenset[str],
        parse: Callable[[Fields], Params],
        accept: Callable[..., Awaitable[Video]],
    ) -> ASGIApp:
        """Whatever costs: the body's fields, a video that is accepted, how the key stands now."""
        key, retries = call.idempotency_key, call.retry_count
        async with self._body.fields(call.scope, call.receive, file_fields) as fields:
            params = parse(fields)
            try:
                video = await accept(
                    call.principal, params, limits=call.dialect.limits, idempotency_key=key, retry_count=retries
                )
            except TooManyRequests as error:
                return error_reply(error, call.dialect, await self._rate_headers(call))
        return await self._answer(call, video, await self._rate_headers(call))

    async def _rate_headers(self, call: Call) -> Sequence[Header]:
        """``x-ratelimit-{limit,remaining,reset}-requests``; none if neither the key nor the dialect has a limit."""
        rate = await self._videos.rate(call.principal, call.dialect.limits)
        if rate is None:
            return []
        return [
            (b"x-ratelimit-limit-requests", b"%d" % rate.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % rate.remaining),
            (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(max(0.0, rate.reset))),
        ]

    async def _answer(self, call: Call, video: Video, more: Sequence[Header] = ()) -> Reply:
        headers = [*more]
        if not video.finished:
            headers.append((b"openai-poll-after-ms", b"%d" % await self._videos.estimator.poll_after_ms(video)))
        return json_reply(call.dialect.render_video(video, call.context), headers=headers)
