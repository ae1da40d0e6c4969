"""A dialect: how one vendor spells the API, as data and a few pure functions; one file per dialect.

A dialect is independent of jobs, storage and billing: it parses a create request into ``CreateParams`` and renders the
server's responses. ``limits`` narrows the catalogue (sizes, seconds, the prompt's length).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from filmgate.config.catalog import DialectLimits
from filmgate.domain import AssetKind, VideoRecord
from filmgate.errors import FilmgateError
from filmgate.wire.params import CreateParams, Fields

__all__ = ["Dialect", "ErrorResponse", "RenderContext", "Rendered"]

Rendered = Struct | dict[str, object]
"""A wire object; ``objects.encode`` turns it into bytes."""


class RenderContext(Struct, frozen=True):
    """What renderers need from the request."""

    base_url: str = ""  # absolute, with the dialect's base path: "http://host/v1"


class ErrorResponse(NamedTuple):
    """An error as an HTTP response."""

    status: int
    body: Rendered
    headers: dict[str, str]


class Dialect(Struct, frozen=True, kw_only=True):
    """How one vendor spells the API."""

    name: str
    base_path: str
    parse_create: Callable[[Fields], CreateParams]
    render_video: Callable[[VideoRecord, RenderContext], Rendered]
    render_list: Callable[[Sequence[VideoRecord], bool, RenderContext], Rendered]
    render_deleted: Callable[[str], Rendered]
    render_error: Callable[[FilmgateError], ErrorResponse]
    content_headers: Callable[[str, AssetKind], dict[str, str]]
    file_fields: frozenset[str] = frozenset({"input_reference"})  # form parts that are files, filename or not
    limits: DialectLimits = msgspec.field(default_factory=DialectLimits)  # narrows the catalogue
    content_wait: float = 0.0  # seconds that a content request waits for its video to complete
    retention: float | None = None  # seconds that content is kept; None: the server's setting
