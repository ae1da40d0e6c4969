"""What the HTTP protocol needs of uvicorn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from filmgate.server.http_protocol import COALESCE_LIMIT, _CoalescingTransport, is_supported

if TYPE_CHECKING:
    from collections.abc import Iterable


def test_the_uvicorn_at_hand_is_usable() -> None:
    """All the names that the protocol leans on are there; a new uvicorn without them is noticed here first."""
    assert is_supported()


class Wire(asyncio.Transport):
    """A transport that keeps what each of its sends would hand to the system."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Keep it."""
        self.sent.append(b"".join(list_of_data))

    def close(self) -> None:
        """Keep the moment."""
        self.sent.append(b"<closed>")


async def test_a_head_and_its_body_are_sent_together() -> None:
    """What one turn of the loop writes is one send; hanging up sends what waits; much is not kept waiting."""
    wire = Wire()
    joining = _CoalescingTransport(wire, asyncio.get_running_loop())
    joining.write(b"head ")
    joining.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"]
    joining.write(b"last")
    joining.close()
    joining.write(bytes(COALESCE_LIMIT + 1))
    assert wire.sent[1:] == [b"last", b"<closed>", bytes(COALESCE_LIMIT + 1)]
