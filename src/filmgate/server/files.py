"""The handlers of ``/files``: stored images and videos, for requests to refer to."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.types import ASGIApp

from filmgate.server.body import BodyReader
from filmgate.server.content import content_response
from filmgate.server.request import RequestContext
from filmgate.server.responses import json_response
from filmgate.services.files import FileService
from filmgate.wire import files

__all__ = ["FileHandlers"]

MAX_LIMIT, MAX_PAGE = 10_000, 100
"""The largest ``limit`` of a list, as in the contract, and how many files a page has at most."""

_FILE_ID = re.compile(r"file-[0-9a-f]{32}", re.ASCII)
_ASCII = re.compile(r"[^ !#-\[\]-~]", re.ASCII)  # what a quoted string of a header can't hold as it is


class FileHandlers:
    """One method per route."""

    def __init__(self, service: FileService, body_reader: BodyReader) -> None:
        self._files = service
        self._body_reader = body_reader

    async def create(self, request: RequestContext) -> ASGIApp:
        """``POST /files``."""
        key, retry_count = request.idempotency_key, request.retry_count
        async with (
            self._files.admit(request.principal, request.content_length),
            self._body_reader.read_fields(request.scope, request.receive, files.FILE_FIELDS) as fields,
        ):
            params = files.parse_create(fields)
            file = await self._files.create(request.principal, params, idempotency_key=key, retry_count=retry_count)
        return json_response(files.render_file(file))

    async def retrieve(self, request: RequestContext) -> ASGIApp:
        """``GET /files/{id}``."""
        return json_response(files.render_file(await self._files.retrieve(request.principal, request.path_id)))

    async def list(self, request: RequestContext) -> ASGIApp:
        """``GET /files?after&limit&order&purpose``."""
        limit = min(request.int_param("limit", MAX_LIMIT, MAX_LIMIT), MAX_PAGE)
        ascending = request.choice_param("order", "desc", "asc", "desc") == "asc"
        after, purpose = request.query.get("after"), request.query.get("purpose")
        if after is not None and not _FILE_ID.fullmatch(after):
            return json_response(files.render_list([], has_more=False))
        page, has_more = await self._files.list(
            request.principal, after=after, limit=limit, ascending=ascending, purpose=purpose
        )
        return json_response(files.render_list(page, has_more=has_more))

    async def delete(self, request: RequestContext) -> ASGIApp:
        """``DELETE /files/{id}``."""
        await self._files.delete(request.principal, request.path_id)
        return json_response(files.FileDeleted(id=request.path_id))

    async def content(self, request: RequestContext) -> ASGIApp:
        """``GET /files/{id}/content``."""
        content = await self._files.content(request.principal, request.path_id)
        headers = {
            "content-disposition": _attachment(content.asset.filename),
            "cache-control": "private",
            "x-content-type-options": "nosniff",
        }
        return content_response(request, content, headers)


def _attachment(filename: str) -> str:
    # RFC 6266: the plain name for old clients, the encoded one for all others.
    return f"attachment; filename=\"{_ASCII.sub('_', filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"
