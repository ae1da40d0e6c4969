"""An answer as data: what is said, and how the connection carries it; :mod:`transport` puts it on the wire."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["ConnectionEnd", "MockReply"]


class ConnectionEnd(StrEnum):
    """What becomes of the connection after the last byte that is sent."""

    NORMAL = auto()  # nothing: an honest answer
    CLOSED = auto()  # closed in order (FIN), whatever is still missing
    RESET = auto()  # torn down (RST)
    HANG = auto()  # held open in silence until the client goes
    ENDLESS = auto()  # the body begins again and again until the client goes


class MockReply(Struct, frozen=True, kw_only=True):
    """An answer and its delivery. With the defaults beside status, headers and body it is an honest one."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    head: bool = True  # False: not even a status line leaves
    delay: float = 0.0  # seconds before the first byte
    sent: int | None = None  # bytes of the body that leave; None: all
    pace: float = 0.0  # seconds for the whole body, which then drips
    pauses: tuple[tuple[int, float], ...] = ()  # at an offset of the body, seconds of silence
    ending: ConnectionEnd = ConnectionEnd.NORMAL

    @classmethod
    def of_json(cls, value: object, status: int = 200, headers: dict[str, str] | None = None) -> MockReply:
        """JSON, compact as the vendors have it."""
        typed = {"Content-Type": "application/json", **(headers or {})}
        return cls(status=status, headers=typed, body=msgspec.json.encode(value))

    @property
    def json_value(self) -> Any:
        """The body's JSON."""
        return msgspec.json.decode(self.body)

    @property
    def is_plain(self) -> bool:
        """Whether any web server could send it so."""
        crooked = self.sent is not None or self.pace or self.pauses or "Content-Length" in self.headers
        return self.head and not crooked and self.ending is ConnectionEnd.NORMAL

    def replaced(self, **changes: Any) -> MockReply:
        """The same with other fields; ``headers`` are laid over those that are there."""
        if "headers" in changes:
            changes["headers"] = {**self.headers, **changes["headers"]}
        return msgspec.structs.replace(self, **changes)
