"""An upstream that costs next to nothing: it makes videos forever, lists them, and records how late it is polled.

``python -m benchmarks.vendor FILE JOBS INTERVAL`` writes its address to FILE. Its jobs are ``job-0`` and so on; a few
of them are completed every second after ``GET /begin``, and ``GET /seen`` returns its records since then.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import uvloop

PAGE_SIZE = 100
COMPLETED_PER_SECOND = 10
"""Jobs a second."""

STRIDE = 7919
"""Step from one completed job to the next: a prime, so that every job is reached."""


def job_json(job: int, status: str) -> bytes:
    """The JSON of a job."""
    shown = {
        "id": f"job-{job}",
        "object": "video",
        "model": "sora-2",
        "status": status,
        "progress": 5 if status == "in_progress" else 100,
        "created_at": 1_750_000_000 + job,
        "prompt": "a dog on a beach " * 12,
        "size": "1280x720",
        "seconds": "8",
        "error": None,
    }
    return json.dumps(shown).encode()


class VendorService:
    """The jobs, and the times of their polls."""

    def __init__(self, jobs: int, interval: float) -> None:
        self._interval = interval
        self._rows = [job_json(job, "in_progress") for job in range(jobs)]
        self._last_polled: dict[int, float] = {}
        self._completed: dict[int, float] = {}  # when, until the next poll
        self._lateness: list[float] = []
        self._completion_delays: list[float] = []
        self._requests = 0
        self._completing: asyncio.Task[None] | None = None

    def respond(self, target: str) -> bytes:
        """The body of a response."""
        url = urlsplit(target)
        if url.path == "/begin":
            self._last_polled.clear()
            self._lateness.clear()
            self._requests = 0
            self._completing = asyncio.create_task(self._complete())
            return b"{}"
        if url.path == "/seen":
            return json.dumps(
                {"requests": self._requests, "late": self._lateness, "noticed": self._completion_delays}
            ).encode()
        self._requests += 1
        if url.path.endswith("/videos"):
            return self._page(parse_qs(url.query).get("after", [f"job-{len(self._rows)}"])[0])
        return self._poll_job(int(url.path.rpartition("-")[2])) if "/job-" in url.path else b"{}"

    def _page(self, after: str) -> bytes:
        end = int(after.removeprefix("job-"))
        first = max(0, end - PAGE_SIZE)
        for job in range(first, end):
            self._record_poll(job)
        rows = b",".join(self._rows[first:end][::-1])
        return b'{"object":"list","has_more":%s,"data":[%s]}' % (b"true" if first else b"false", rows)

    def _poll_job(self, job: int) -> bytes:
        self._record_poll(job)
        if job in self._completed:
            self._completion_delays.append(time.monotonic() - self._completed.pop(job))
        return self._rows[job]

    def _record_poll(self, job: int) -> None:
        now = time.monotonic()
        if job in self._last_polled:
            self._lateness.append(now - self._last_polled[job] - self._interval)
        self._last_polled[job] = now

    async def _complete(self) -> None:
        for turn in range(len(self._rows)):
            job = turn * STRIDE % len(self._rows)
            self._rows[job] = job_json(job, "completed")
            self._completed[job] = time.monotonic()
            await asyncio.sleep(1 / COMPLETED_PER_SECOND)


class Connection(asyncio.Protocol):
    """One connection; no request has a body."""

    def __init__(self, service: VendorService) -> None:
        self._service = service
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Respond to each request."""
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for request in requests:
            target = request.split(b" ", 2)[1].decode()
            if target.endswith("/content"):
                self._send(b"503 Service Unavailable\r\nretry-after: 600", b"{}")
            else:
                self._send(b"200 OK", self._service.respond(target))

    def _send(self, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        self._transport.write(head + body)


async def main(ready: Path, jobs: int, interval: float) -> None:
    """Serve until SIGTERM."""
    service = VendorService(jobs, interval)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(service), "127.0.0.1", 0)
    ready.write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")  # noqa: ASYNC240 - once
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
