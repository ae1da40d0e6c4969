"""Effects: the requests that the SDK's procedures make to their driver. They separate logic from I/O.

A procedure is a generator. It yields an effect, receives the effect's result or a thrown :class:`TransportFailure`,
and returns its own result. It neither sleeps, reads a clock nor opens a socket, so the same procedure serves the
blocking client, the asynchronous one and scripted tests.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

__all__ = [
    "ApiResponse",
    "Attach",
    "Detach",
    "Effect",
    "Emit",
    "FilePart",
    "Open",
    "Procedure",
    "Read",
    "Request",
    "RunBlocking",
    "Send",
    "Sleep",
    "TransportFailure",
    "first_request",
]

T = TypeVar("T")


class FilePart(Struct, frozen=True):
    """A file of a multipart form; the server does not trust its name."""

    content: bytes
    media_type: str
    name: str = "reference"


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request, its path relative to the base URL."""

    method: str
    path: str = ""
    url: str | None = None  # instead of the path: an absolute URL; only the base URL's host gets the key
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    json: Mapping[str, object] | None = None
    form: Mapping[str, str | Sequence[str]] | None = None  # a sequence: one field for each item
    files: Mapping[str, FilePart] = {}
    body: bytes | None = None  # instead of json, form and files; the content-type header describes it
    hold_seconds: float = 0.0  # seconds for which the server may hold its response back (long poll)
    read_timeout: float = 60.0  # seconds without a byte, beyond hold_seconds, after which the request fails
    max_body_bytes: int = 32 * 1024 * 1024  # largest body in bytes that is read whole; a longer one is a failure


class ApiResponse(Struct, frozen=True):
    """One HTTP response. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def request_id(self) -> str | None:
        """The id of this request in the server's log."""
        return self.headers.get("x-request-id")

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Send(Struct, frozen=True):
    """Send the request and read the whole response. Result: :class:`ApiResponse`."""

    request: Request


class Open(Struct, frozen=True):
    """Send the request and leave the body open for :class:`Read`; at most one body is open.

    Result: :class:`ApiResponse`, without its body if that is content (200, 206), with it if it is an error.
    """

    request: Request


class Read(Struct, frozen=True):
    """Read the next chunk of the open body. Result: bytes, empty at the end."""


class Detach(Struct, frozen=True):
    """Detach the open body from this procedure, so that another one can read it. Result: a handle."""


class Attach(Struct, frozen=True):
    """Continue to read a detached body. Result: None."""

    handle: object


class Sleep(Struct, frozen=True):
    """Wait. Result: None."""

    seconds: float


class RunBlocking(Struct, frozen=True):
    """Call a function that may block on a disk. Result: its return value; its exception is thrown."""

    call: Callable[[], object]


class Emit(Struct, Generic[T], frozen=True):
    """Pass a value to the caller that iterates over this procedure. Result: None."""

    value: T


Effect = Send | Open | Read | Detach | Attach | Sleep | RunBlocking | Emit[Any]

Procedure = Generator[Effect, Any, T]
"""A generator of effects that ends with a result of type T."""

Emitter = Generator[Send | Open | Read | Detach | Attach | Sleep | RunBlocking | Emit[T], Any, None]
"""A procedure without a result that emits values of type T."""


class TransportFailure(Exception):
    """The connection failed. ``sent``: the server may have received the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


def first_request(procedure: Procedure[Any]) -> Request:
    """Return the first request of a procedure without sending it.

    Raises:
        FilmgateError: the procedure rejects its arguments before the first request.
    """
    effect = next(procedure)
    procedure.close()
    if not isinstance(effect, Send | Open):
        raise TypeError(effect)
    return effect.request
