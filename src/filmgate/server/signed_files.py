"""``/files/{id}/…``: what a signed URL opens without a key: the video, its preview, and a page that plays it."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.types import ASGIApp, Receive, Scope, Send

from filmgate.domain import AssetKind, VideoRecord
from filmgate.errors import UnknownUrl
from filmgate.security.signed_urls import UrlSigner
from filmgate.server.content import content_response
from filmgate.server.errors import method_not_allowed
from filmgate.server.request import RequestContext
from filmgate.server.responses import Header, Response
from filmgate.services.library import VideoLibrary
from filmgate.store import Principal
from filmgate.wire.openai import OPENAI

__all__ = ["SignedFiles", "signed_link"]

PLAYER = "play"
_ASSET_KINDS = {"video.mp4": AssetKind.VIDEO, "preview.webp": AssetKind.PREVIEW}
_HEADERS = {
    "cache-control": "private",
    "x-content-type-options": "nosniff",
    # A page that has the link may show the file, even if it asks for isolation (COEP), as video editors do.
    "cross-origin-resource-policy": "cross-origin",
}
_ANONYMOUS = Principal(account_id="", key_id="")

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


def signed_link(signer: UrlSigner, origin: str, video: VideoRecord, name: str) -> str:
    """Return the URL that opens ``name`` of a video without a key."""
    query = signer.signed_query(video.id, name, expires_at=video.expires_at)
    return f"{origin}/files/{video.id}/{name}?{query}"


class SignedFiles:
    """Handler of signed URLs."""

    def __init__(self, videos: VideoLibrary, signer: UrlSigner) -> None:
        self._videos = videos
        self._signer = signer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to GET and HEAD."""
        if scope["method"] in {"GET", "HEAD"}:
            response = await self._respond(RequestContext(scope, receive, _ANONYMOUS, OPENAI))
        else:
            response = method_not_allowed(scope, OPENAI, ("GET", "HEAD"))
        await response(scope, receive, send)

    async def _respond(self, request: RequestContext) -> ASGIApp:
        name: str = request.scope["path_params"]["name"]
        if name != PLAYER and name not in _ASSET_KINDS:
            raise UnknownUrl(f"Invalid URL ({request.scope['method']} {request.scope['path']})")
        self._signer.verify(request.path_id, name, request.query)
        content = await self._videos.published(request.path_id, _ASSET_KINDS.get(name, AssetKind.VIDEO))
        if name in _ASSET_KINDS:
            file = f"{request.path_id}{'.mp4' if name == 'video.mp4' else '.webp'}"
            disposition = "attachment" if name == "video.mp4" else "inline"
            return content_response(
                request, content, _HEADERS | {"content-disposition": f'{disposition}; filename="{file}"'}
            )
        content.reader.close()
        return self._player_page(content.video, float(request.query["expires"]))

    def _player_page(self, video: VideoRecord, expires_at: float) -> Response:
        query = escape(self._signer.signed_query(video.id, "video.mp4", expires_at=expires_at))
        prompt = escape(video.prompt or video.id)
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{prompt}</title><style>{_STYLE}</style>"
            f'<video src="video.mp4?{query}" controls autoplay loop playsinline></video>'
            f'<p>{prompt}</p><p><a href="video.mp4?{query}" download>⬇ MP4</a></p></html>'
        ).encode()
        return Response(200, [*_PAGE_HEADERS, (b"content-length", b"%d" % len(page))], page)
