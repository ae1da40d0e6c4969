"""What the HTTP protocol needs from uvicorn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from filmgate.server.http_protocol import COALESCE_LIMIT, _CoalescingTransport, is_supported

if TYPE_CHECKING:
    from collections.abc import Iterable


def test_the_installed_uvicorn_is_supported() -> None:
    """It has every name that the protocol depends on; a new uvicorn without one fails here first."""
    assert is_supported()


class RecordingTransport(asyncio.Transport):
    """A transport that records what each send passes to the system."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Record one send."""
        self.sent.append(b"".join(list_of_data))

    def close(self) -> None:
        """Record the close."""
        self.sent.append(b"<closed>")


async def test_a_head_and_its_body_are_sent_together() -> None:
    """The writes of one loop iteration are one send; closing sends buffered data; large data is sent at once."""
    recorder = RecordingTransport()
    transport = _CoalescingTransport(recorder, asyncio.get_running_loop())
    transport.write(b"head ")
    transport.write(b"body")
    assert recorder.sent == []
    await asyncio.sleep(0)
    assert recorder.sent == [b"head body"]
    transport.write(b"last")
    transport.close()
    transport.write(bytes(COALESCE_LIMIT + 1))
    assert recorder.sent[1:] == [b"last", b"<closed>", bytes(COALESCE_LIMIT + 1)]
