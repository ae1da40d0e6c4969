"""What the SDK's machines ask of the world, and what they are answered: the one seam between logic and I/O.

A machine is a generator. It yields an action, is sent the action's result or thrown a :class:`Fault`, and returns its
own result. It neither sleeps, reads a clock nor opens a socket, so the same machine serves the blocking client, the
asynchronous one and a test that plays a script.
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
    """A file of a form; its name tells the server nothing that it may trust."""

    content: bytes
    media_type: str
    name: str = "reference"


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request, its path relative to the base address."""

    method: str
    path: str = ""
    url: str | None = None  # instead of the path: a whole address; the key goes along to the base's own host only
    params: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    json: Mapping[str, object] | None = None
    form: Mapping[str, str | Sequence[str]] | None = None  # a sequence: the field once for each
    files: Mapping[str, FilePart] = {}
    body: bytes | None = None  # instead of the three, as its content-type header says
    hold_seconds: float = 0.0  # seconds that the server was asked to hold its answer back (long poll)
    read_timeout: float = 60.0  # seconds without a byte, beside its patience, after which it is given up
    max_body_bytes: int = 32 * 1024 * 1024  # bytes of an answer that is read whole; a longer one is a fault


class ApiResponse(Struct, frozen=True):
    """One HTTP answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def request_id(self) -> str | None:
        """What the server's log knows this answer by."""
        return self.headers.get("x-request-id")

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Send(Struct, frozen=True):
    """Send the request and read the whole answer. Result: :class:`Answer`."""

    request: Request


class Open(Struct, frozen=True):
    """Send the request and leave the body to be read; one is open at a time.

    Result: :class:`Answer`, without its body if that is content (200, 206), whole if it is an error.
    """

    request: Request


class Read(Struct, frozen=True):
    """Read on in the body that is open. Result: bytes, empty at its end."""


class Detach(Struct, frozen=True):
    """Take the body that is open out of this machine's hands, for another to read on. Result: a handle to it."""


class Attach(Struct, frozen=True):
    """Read on in a body that was kept. Result: None."""

    handle: object


class Sleep(Struct, frozen=True):
    """Wait. Result: None."""

    seconds: float


class RunBlocking(Struct, frozen=True):
    """Call something that may block on a disk. Result: whatever it returns; what it raises is thrown."""

    call: Callable[[], object]


class Emit(Struct, Generic[T], frozen=True):
    """Hand a value to whoever iterates over this machine. Result: None."""

    value: T


Effect = Send | Open | Read | Detach | Attach | Sleep | RunBlocking | Emit[Any]

Procedure = Generator[Effect, Any, T]
"""A generator of actions that ends with a result of type T."""

Emitter = Generator[Send | Open | Read | Detach | Attach | Sleep | RunBlocking | Emit[T], Any, None]
"""A machine without a result that emits values of type T on its way."""


class TransportFailure(Exception):
    """The connection failed. ``sent``: the server may have seen the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


def first_request(procedure: Procedure[Any]) -> Request:
    """What a machine would send first; nothing is sent.

    Raises:
        FilmgateError: what it finds wrong before it sends anything.
    """
    action = next(procedure)
    procedure.close()
    if not isinstance(action, Send | Open):
        raise TypeError(action)
    return action.request
