"""A response as data: its content, and how the connection carries it; :mod:`transport` sends it."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["ConnectionEnd", "MockReply"]


class ConnectionEnd(StrEnum):
    """What happens to the connection after the last sent byte."""

    NORMAL = auto()  # nothing: a correct response
    CLOSED = auto()  # closed in order (FIN), even if bytes are missing
    RESET = auto()  # torn down (RST)
    HANG = auto()  # held open in silence until the client disconnects
    ENDLESS = auto()  # the body is repeated until the client disconnects


class MockReply(Struct, frozen=True, kw_only=True):
    """A response and its delivery. With the defaults beside status, headers and body it is a correct one."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    head: bool = True  # False: nothing is sent, not even a status line
    delay: float = 0.0  # seconds before the first byte
    sent: int | None = None  # number of body bytes to send; None: all
    pace: float = 0.0  # seconds over which the body is spread
    pauses: tuple[tuple[int, float], ...] = ()  # seconds of silence, at an offset of the body
    ending: ConnectionEnd = ConnectionEnd.NORMAL

    @classmethod
    def of_json(cls, value: object, status: int = 200, headers: dict[str, str] | None = None) -> MockReply:
        """A JSON response, compact as the vendors send it."""
        typed = {"Content-Type": "application/json", **(headers or {})}
        return cls(status=status, headers=typed, body=msgspec.json.encode(value))

    @property
    def json_value(self) -> Any:
        """The body's JSON."""
        return msgspec.json.decode(self.body)

    @property
    def is_plain(self) -> bool:
        """Whether any web server could send it."""
        crooked = self.sent is not None or self.pace or self.pauses or "Content-Length" in self.headers
        return self.head and not crooked and self.ending is ConnectionEnd.NORMAL

    def replaced(self, **changes: Any) -> MockReply:
        """A copy with other fields; ``headers`` are merged over the existing ones."""
        if "headers" in changes:
            changes["headers"] = {**self.headers, **changes["headers"]}
        return msgspec.structs.replace(self, **changes)
