"""Server-sent events of one video: ``queued``, ``progress``, then ``completed`` or ``failed``, which ends the stream.

A stream begins with the current state, so a client that reconnects has missed nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from filmgate.domain import Status, VideoRecord
from filmgate.errors import InvalidKey, VideoNotFound
from filmgate.server.disconnect import ClientDisconnect, is_disconnected
from filmgate.server.request import RequestContext
from filmgate.server.responses import EVENT_STREAM_HEADERS
from filmgate.server.shutdown import LongPollRegistry
from filmgate.services.eta import Eta
from filmgate.services.videos import VideoService
from filmgate.wire import events
from filmgate.wire.objects import encode

__all__ = ["KEEP_ALIVE_INTERVAL", "EventStream"]

KEEP_ALIVE_INTERVAL = 15.0
"""Seconds after which a ping is sent if nothing happened: for proxies, and to detect disconnected clients."""


class EventStream:
    """A response that continues until the video ends, the client disconnects or the server stops."""

    def __init__(
        self,
        request: RequestContext,
        video: VideoRecord,
        videos: VideoService,
        long_polls: LongPollRegistry,
        keep_alive: float,
    ) -> None:
        self._request = request
        self._video = video
        self._videos = videos
        self._long_polls = long_polls
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events as they happen."""
        await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM_HEADERS})
        if scope["method"] != "HEAD":
            with self._long_polls.long_poll():
                await self._send_events(receive, send)
        await send({"type": "http.response.body", "body": b""})

    async def _send_events(self, receive: Receive, send: Send) -> None:
        async with aclosing(self._events()) as event_stream:
            async for event in event_stream:
                if await is_disconnected(receive):
                    raise ClientDisconnect
                await send({"type": "http.response.body", "body": event, "more_body": True})

    async def _events(self) -> AsyncGenerator[bytes, None]:
        video, sent_state = self._video, None
        while True:
            eta = await self._videos.estimator.eta(video)
            state = (video.status, video.progress, eta.position)
            if state != sent_state:
                yield self._event(video, eta)
            if video.finished:
                return
            sent_state, version = state, video.version
            await self._videos.changed(video, self._keep_alive)
            try:
                await self._request.check_key()
                video = await self._videos.retrieve(self._request.principal, video.id)
            except (InvalidKey, VideoNotFound):
                return  # the key was revoked or the video deleted meanwhile: no more events follow
            if video.version == version:
                yield events.PING_COMMENT

    def _event(self, video: VideoRecord, eta: Eta) -> bytes:
        shown = encode(self._request.dialect.render_video(video, self._request.render_context))
        if video.status is Status.QUEUED:
            return events.queued(shown, eta.position, eta.eta_seconds)
        if video.status is Status.IN_PROGRESS:
            return events.progress(shown, eta.eta_seconds)
        return events.completed(shown) if video.status is Status.COMPLETED else events.failed(shown)
