"""``/files/{id}/…``: what a signed link opens without a key: the film, its preview, and a page that plays it."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.domain import AssetKind, Video
from filmgate.errors import UnknownUrl
from filmgate.security.signed_urls import LinkSigner
from filmgate.server.content import content_reply
from filmgate.server.errors import refusal
from filmgate.server.request import Call
from filmgate.server.responses import Header, Reply
from filmgate.services.library import VideoLibrary
from filmgate.store import Principal
from filmgate.wire.openai import OPENAI

__all__ = ["LinkedFiles"]

PLAYER = "play"
_KINDS = {"video.mp4": AssetKind.VIDEO, "preview.webp": AssetKind.PREVIEW}
_HEADERS = {"cache-control": "private", "x-content-type-options": "nosniff"}
_NOBODY = Principal(account_id="", key_id="")

_STYLE = """
body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 16px; background: #111; color: #ddd;
  font: 15px/1.5 system-ui, "Noto Sans SC", sans-serif; }
video { max-width: 96vw; max-height: 80vh; border-radius: 12px; background: #000; }
p { max-width: 70ch; margin: 0 auto; padding: 0 16px; text-align: center; overflow-wrap: anywhere; }
a { color: #f0b35b; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE_HEADERS: list[Header] = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (
        b"content-security-policy",
        f"default-src 'none'; media-src 'self'; img-src 'self'; style-src 'sha256-{_STYLE_HASH}'".encode(),
    ),
]


class LinkedFiles:
    """The one route of signed links."""

    def __init__(self, videos: VideoLibrary, signer: LinkSigner) -> None:
        self._videos = videos
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] in {"GET", "HEAD"}:
            reply = await self._reply(Call(scope, receive, _NOBODY, OPENAI))
        else:
            reply = refusal(scope, OPENAI, ("GET", "HEAD"))
        await reply(scope, receive, send)

    async def _reply(self, call: Call) -> ASGIApp:
        name: str = call.scope["path_params"]["name"]
        if name != PLAYER and name not in _KINDS:
            raise UnknownUrl(f"Invalid URL ({call.scope['method']} {call.scope['path']})")
        self._signer.check(call.target, name, call.query)
        content = await self._videos.published(call.target, _KINDS.get(name, AssetKind.VIDEO))
        if name in _KINDS:
            file = f"{call.target}{'.mp4' if name == 'video.mp4' else '.webp'}"
            disposition = "attachment" if name == "video.mp4" else "inline"
            return content_reply(call, content, _HEADERS | {"content-disposition": f'{disposition}; filename="{file}"'})
        content.reader.close()
        return self._player(content.video, float(call.query["expires"]))

    def _player(self, video: Video, until: float) -> Reply:
        query = escape(self._signer.query(video.id, "video.mp4", until=until))
        prompt = escape(video.prompt or video.id)
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{prompt}</title><style>{_STYLE}</style>"
            f'<video src="video.mp4?{query}" controls autoplay loop playsinline></video>'
            f'<p>{prompt}</p><p><a href="video.mp4?{query}" download>⬇ MP4</a></p></html>'
        ).encode()
        return Reply(200, [*_PAGE_HEADERS, (b"content-length", b"%d" % len(page))], page)
