"""A dialect: how one vendor spells the API, as data and a few pure functions; one file per dialect.

A dialect is independent of jobs, storage and billing: it says which paths it serves, parses a create request into
``CreateParams`` and renders the server's responses. ``limits`` narrows the catalogue (sizes, seconds, the prompt's
length).
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

__all__ = ["STANDARD_ROUTES", "Dialect", "DialectRoute", "ErrorResponse", "RenderContext", "Rendered", "same_id"]

Rendered = Struct | dict[str, object]
"""A wire object; ``objects.encode`` turns it into bytes."""


class RenderContext(Struct, frozen=True):
    """What renderers need from the request."""

    base_url: str = ""  # absolute, with the dialect's base path: "http://host/v1"
    origin: str = ""  # absolute, without it
    video_url: str | None = None  # opens the content of a completed video without a key, if the dialect links it


class ErrorResponse(NamedTuple):
    """An error as an HTTP response."""

    status: int
    body: Rendered
    headers: dict[str, str]


class DialectRoute(Struct, frozen=True):
    """A path below the base path, and the name of the operation behind each method.

    ``{id}`` is the id of a video; a path without it takes the id from the query (``?id=``).
    """

    path: str
    get: str | None = None
    post: str | None = None
    delete: str | None = None


# The first matching route wins: fixed names come before ids.
STANDARD_ROUTES: tuple[DialectRoute, ...] = (
    DialectRoute("/videos/edits", post="edit"),
    DialectRoute("/videos/extensions", post="extend"),
    DialectRoute("/videos/characters", post="create_character"),
    DialectRoute("/videos/characters/{id}", get="retrieve_character", delete="delete_character"),
    DialectRoute("/videos/{id}/remix", post="remix"),
    DialectRoute("/videos/{id}", get="retrieve", delete="delete"),
    DialectRoute("/videos", get="list", post="create"),
    DialectRoute("/videos/{id}/content", get="content"),
    DialectRoute("/videos/{id}/events", get="events"),
    DialectRoute("/videos/{id}/cancel", post="cancel"),
    DialectRoute("/models", get="list_models"),
    DialectRoute("/models/{id:name}", get="retrieve_model"),  # names may hold slashes: Wan-AI/Wan2.2-T2V-A14B
    DialectRoute("/chat/completions", post="chat"),
)
"""The paths of the contract."""


def same_id(video_id: str) -> str:
    """Return the id as it is."""
    return video_id


class Dialect(Struct, frozen=True, kw_only=True):
    """How one vendor spells the API."""

    name: str
    base_path: str
    other_base_paths: tuple[str, ...] = ()  # the same routes; "{model:name}" in one is the model of a create without it
    routes: tuple[DialectRoute, ...] = STANDARD_ROUTES
    error_prefixes: tuple[str, ...] = ()  # whose unknown paths it answers; (): its base paths
    key_headers: tuple[bytes, ...] = (b"authorization",)  # lower-case; the first that is given has the key
    parse_create: Callable[[Fields], CreateParams]
    render_video: Callable[[VideoRecord, RenderContext], Rendered]
    render_list: Callable[[Sequence[VideoRecord], bool, RenderContext], Rendered]
    render_deleted: Callable[[str], Rendered | None]  # None: 204 without a body
    render_error: Callable[[FilmgateError], ErrorResponse]
    content_headers: Callable[[str, AssetKind], dict[str, str]]
    file_fields: frozenset[str] = frozenset({"input_reference"})  # form parts that are files, filename or not
    limits: DialectLimits = msgspec.field(default_factory=DialectLimits)  # narrows the catalogue
    content_wait: float = 0.0  # seconds that a content request waits for its video to complete
    retention: float | None = None  # seconds that content is kept; None: the server's setting
    to_video_id: Callable[[str], str] = same_id  # from an id in a path or a query
    deletes_running: bool = False  # whether DELETE of an unfinished video cancels and deletes it; false: an error
    links_content: bool = False  # whether a completed video has a link that opens without a key

    @property
    def base_paths(self) -> tuple[str, ...]:
        """Every base path, the main one first."""
        return (self.base_path, *self.other_base_paths)

    def covers(self, path: str) -> int:
        """Return how closely the dialect answers for a path that no route serves: longer wins, 0 is not at all."""
        prefixes = [prefix.partition("/{")[0] for prefix in self.error_prefixes or self.base_paths]
        return max((len(prefix) for prefix in prefixes if f"{path}/".startswith(f"{prefix}/")), default=0)
