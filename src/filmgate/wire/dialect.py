"""A dialect: how one vendor spells the API. Data and a few pure functions, one file each.

A dialect knows nothing of jobs, storage or billing: it reads a create request into ``CreateParams`` and renders what
the server wants to say. What it narrows beyond the catalogue (sizes, seconds, the prompt's length) is ``limits``.
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
"""An object of the wire; ``objects.encode`` makes bytes of it."""


class RenderContext(Struct, frozen=True):
    """What a renderer needs to know of the request it answers."""

    base_url: str = ""  # absolute, with the dialect's base path: "http://host/v1"


class ErrorResponse(NamedTuple):
    """An error as HTTP says it."""

    status: int
    body: Rendered
    headers: dict[str, str]


class Dialect(Struct, frozen=True, kw_only=True):
    """One vendor's spelling."""

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
    content_wait: float = 0.0  # seconds that a content request waits for its video to be completed
    retention: float | None = None  # seconds that content is kept; None: the server's setting
