"""The handlers of ``/videos``: HTTP in and out; :mod:`filmgate.services.videos` holds the operations."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from msgspec.structs import replace
from starlette.types import ASGIApp

from filmgate.domain import AssetKind, Status, VideoRecord
from filmgate.errors import InvalidKey, TooManyRequests
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.body import BodyReader
from filmgate.server.content import content_response
from filmgate.server.errors import error_response
from filmgate.server.request import RequestContext
from filmgate.server.responses import Header, Response, json_response
from filmgate.server.shutdown import LongPollRegistry
from filmgate.server.signed_files import signed_link
from filmgate.server.sse import EventStream
from filmgate.services.library import VideoContent
from filmgate.services.videos import VideoService
from filmgate.wire import revision
from filmgate.wire.dialect import RenderContext
from filmgate.wire.objects import CharacterDeleted
from filmgate.wire.params import CreateParams, Fields, RevisionParams

__all__ = ["VideoHandlers"]

LARGE_BODY = 256 * 1024
"""Bytes of a body from which it is read only if its key may create a video at all."""

MAX_WAIT = 60
"""Maximum seconds of a long poll."""

_VARIANTS = {
    str(kind): kind for kind in (AssetKind.VIDEO, AssetKind.THUMBNAIL, AssetKind.SPRITESHEET, AssetKind.PREVIEW)
}

Params = TypeVar("Params", CreateParams, RevisionParams)


class VideoHandlers:
    """One method per route."""

    def __init__(
        self,
        videos: VideoService,
        body_reader: BodyReader,
        long_polls: LongPollRegistry,
        keep_alive: float,
        signer: UrlSigner,
    ) -> None:
        self._videos = videos
        self._body_reader = body_reader
        self._long_polls = long_polls
        self._keep_alive = keep_alive
        self._signer = signer

    async def create(self, request: RequestContext) -> ASGIApp:
        """``POST /videos``."""
        return await self._accept(
            request, request.dialect.file_fields, partial(_parse_create, request), self._videos.create
        )

    async def remix(self, request: RequestContext) -> ASGIApp:
        """``POST /videos/{id}/remix``."""
        parse = partial(revision.parse_remix, video_id=request.path_id)
        return await self._accept(request, revision.FILE_FIELDS, parse, self._videos.revise)

    async def edit(self, request: RequestContext) -> ASGIApp:
        """``POST /videos/edits``."""
        return await self._accept(request, revision.FILE_FIELDS, revision.parse_edit, self._videos.revise)

    async def extend(self, request: RequestContext) -> ASGIApp:
        """``POST /videos/extensions``."""
        return await self._accept(request, revision.FILE_FIELDS, revision.parse_extension, self._videos.revise)

    async def create_character(self, request: RequestContext) -> ASGIApp:
        """``POST /videos/characters``."""
        key, retry_count = request.idempotency_key, request.retry_count
        if key is None and not retry_count:
            await self._videos.characters.check_admission(request.principal)
        async with self._body_reader.read_fields(request.scope, request.receive, revision.FILE_FIELDS) as fields:
            params = revision.parse_character(fields)
            character = await self._videos.characters.create(
                request.principal, params, idempotency_key=key, retry_count=retry_count
            )
        return json_response(revision.render_character(character))

    async def delete_character(self, request: RequestContext) -> ASGIApp:
        """``DELETE /videos/characters/{id}``."""
        await self._videos.characters.delete(request.principal, request.path_id)
        return json_response(CharacterDeleted(id=request.path_id))

    async def retrieve_character(self, request: RequestContext) -> ASGIApp:
        """``GET /videos/characters/{id}``."""
        return json_response(
            revision.render_character(await self._videos.characters.get(request.principal, request.path_id))
        )

    async def retrieve(self, request: RequestContext) -> ASGIApp:
        """``GET /videos/{id}?wait=``: at once, or as soon as the video changes."""
        seconds = request.int_param("wait", 0, MAX_WAIT)
        video = await self._videos.retrieve(request.principal, request.path_id)
        if seconds and not video.finished:
            with self._long_polls.long_poll():
                video = await self._videos.wait(request.principal, request.path_id, seconds)
            await request.check_key()
        return await self._video_response(request, video)

    async def list(self, request: RequestContext) -> ASGIApp:
        """``GET /videos?after&limit&order``."""
        limit = request.int_param("limit", 20, 100)
        ascending = request.choice_param("order", "desc", "asc", "desc") == "asc"
        after = request.query.get("after")
        after = after and request.dialect.to_video_id(after)
        page, has_more = await self._videos.list(request.principal, after=after, limit=limit, ascending=ascending)
        return json_response(request.dialect.render_list(page, has_more, request.render_context))

    async def delete(self, request: RequestContext) -> ASGIApp:
        """``DELETE /videos/{id}``; ignores a request body."""
        delete = self._videos.cancel_and_delete if request.dialect.deletes_running else self._videos.delete
        await delete(request.principal, request.path_id)
        rendered = request.dialect.render_deleted(request.path_id)
        return Response(204, []) if rendered is None else json_response(rendered)

    async def cancel(self, request: RequestContext) -> ASGIApp:
        """``POST /videos/{id}/cancel``."""
        return await self._video_response(request, await self._videos.cancel(request.principal, request.path_id))

    async def events(self, request: RequestContext) -> ASGIApp:
        """``GET /videos/{id}/events``."""
        video = await self._videos.retrieve(request.principal, request.path_id)
        return EventStream(request, video, self._videos, self._long_polls, self._keep_alive)

    async def content(self, request: RequestContext) -> ASGIApp:
        """``GET /videos/{id}/content?variant=``."""
        return await self._content(request, _VARIANTS[request.choice_param("variant", "video", *_VARIANTS)])

    async def thumbnail(self, request: RequestContext) -> ASGIApp:
        """The thumbnail at a path of its own."""
        return await self._content(request, AssetKind.THUMBNAIL)

    async def _content(self, request: RequestContext, kind: AssetKind) -> ASGIApp:
        content = await self._open_content(request, kind)
        return content_response(request, content, request.dialect.content_headers(request.path_id, kind))

    async def _open_content(self, request: RequestContext, kind: AssetKind) -> VideoContent:
        dialect = request.dialect
        if dialect.content_wait:
            with self._long_polls.long_poll():
                content = await self._videos.content(
                    request.principal,
                    request.path_id,
                    kind,
                    wait_seconds=dialect.content_wait,
                    retention=dialect.retention,
                )
            try:
                await request.check_key()
            except InvalidKey:
                content.reader.close()
                raise
            return content
        # Shutdown ends the wait above early; then the current state is the response.
        return await self._videos.content(request.principal, request.path_id, kind, retention=dialect.retention)

    async def _accept(
        self,
        request: RequestContext,
        file_fields: frozenset[str],
        parse: Callable[[Fields], Params],
        accept: Callable[..., Awaitable[VideoRecord]],
    ) -> ASGIApp:
        """Handle a billed request: read the fields, accept the video, add the key's rate limit headers."""
        key, retry_count = request.idempotency_key, request.retry_count
        is_new = key is None and not retry_count  # else it may be a repetition, which no limit refuses
        if is_new and (request.content_length is None or request.content_length > LARGE_BODY):
            await self._videos.check_admission(request.principal, request.dialect.limits)
        async with self._body_reader.read_fields(request.scope, request.receive, file_fields) as fields:
            params = parse(fields)
            try:
                video = await accept(
                    request.principal,
                    params,
                    limits=request.dialect.limits,
                    idempotency_key=key,
                    retry_count=retry_count,
                )
            except TooManyRequests as error:
                return error_response(error, request.dialect, await self._rate_headers(request))
        return await self._video_response(request, video, await self._rate_headers(request))

    async def _rate_headers(self, request: RequestContext) -> Sequence[Header]:
        """``x-ratelimit-{limit,remaining,reset}-requests``; none if neither the key nor the dialect has a limit."""
        rate = await self._videos.rate(request.principal, request.dialect.limits)
        if rate is None:
            return []
        return [
            (b"x-ratelimit-limit-requests", b"%d" % rate.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % rate.remaining),
            (b"x-ratelimit-reset-requests", b"%ds" % math.ceil(max(0.0, rate.reset))),
        ]

    async def _video_response(
        self, request: RequestContext, video: VideoRecord, extra_headers: Sequence[Header] = ()
    ) -> Response:
        headers = [*extra_headers]
        if not video.finished:
            headers.append((b"openai-poll-after-ms", b"%d" % await self._videos.estimator.poll_after_ms(video)))
        return json_response(request.dialect.render_video(video, self._render_context(request, video)), headers=headers)

    def _render_context(self, request: RequestContext, video: VideoRecord) -> RenderContext:
        context = request.render_context
        if not request.dialect.links_content or video.status is not Status.COMPLETED:
            return context
        return replace(context, video_url=signed_link(self._signer, context.origin, video, "video.mp4"))


def _parse_create(request: RequestContext, fields: Fields) -> CreateParams:
    """Parse a create; the model in the path counts where the request names none."""
    if request.path_model is not None and not fields.get("model"):
        fields = {**fields, "model": request.path_model}
    return request.dialect.parse_create(fields)
