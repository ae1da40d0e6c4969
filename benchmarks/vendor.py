"""An upstream that costs nothing: every look is answered with the same words, and how late it came is noted.

``python -m benchmarks.vendor FILE INTERVAL`` writes its address to FILE; ``GET /lateness`` answers what it noted since
the last time.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

INTERVAL = float(sys.argv[2]) if len(sys.argv) > 2 else 10.0
LOOK = json.dumps(
    {
        "id": "video_0",
        "object": "video",
        "model": "sora-2",
        "status": "in_progress",
        "progress": 5,
        "created_at": 1,
        "size": "1280x720",
        "seconds": "8",
    }
).encode()


class Vendor(asyncio.Protocol):
    """One connection."""

    last: dict[bytes, float] = {}  # when each job was looked at last  # noqa: RUF012 - shared on purpose
    late: list[float] = []  # seconds beyond the interval, of each look since somebody asked  # noqa: RUF012 - the same

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._pending = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request; none has a body."""
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for request in requests:
            self._answer(request.partition(b" ")[2].partition(b" ")[0])

    def _answer(self, path: bytes) -> None:
        if path == b"/lateness":
            body = json.dumps(self.late).encode()
            self.late.clear()
        else:
            now = time.monotonic()
            if path in self.last:
                self.late.append(now - self.last[path] - INTERVAL)
            self.last[path] = now
            body = LOOK
        head = (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            f"openai-poll-after-ms: {INTERVAL * 1000:.0f}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)


async def main(ready: Path) -> None:
    """Answer until SIGTERM."""
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", 0)
    ready.write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")  # noqa: ASYNC240 - once
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
