"""The verdicts are true: a client with good manners, a page long, comes to each of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from filmgate.domain import Size
from filmgate.errors import BadArtifact
from filmgate.media.probe import verify
from filmgate.testing import mock
from filmgate.testing.mock import ExpectedOutcome
from filmgate.testing.mock.upstream import MockRequest, MockUpstream

from .test_faults import tag

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.raw_client import RawClient, Seen, Starting

LOOKS, DOWNLOADS, LONGEST = 8, 6, 1_100_000
"""The patience of this client: looks, downloads, bytes of an answer."""

STATUSES = {
    **dict.fromkeys(("completed", "succeeded"), "completed"),
    **dict.fromkeys(("failed", "failure", "expired", "cancelled", "deleted"), "failed"),
}


class Client:
    """Submits once, believes nothing, fetches until the film is whole or hope is lost."""

    def __init__(self, raw: RawClient, folder: Path) -> None:
        self.raw, self.folder = raw, folder
        self.known: set[str] = set()

    async def make(self, prompt: str) -> ExpectedOutcome:
        """Make a film."""
        ticket, tries = await self.submit(prompt)
        if isinstance(ticket, ExpectedOutcome):
            return ticket
        verdict = await self.watch(ticket) or await self.fetch(f"/v1/videos/{ticket}/content")
        return ExpectedOutcome.RETRIED if verdict is ExpectedOutcome.COMPLETED and tries > 1 else verdict

    async def submit(self, prompt: str) -> tuple[str | ExpectedOutcome, int]:
        """The ticket and how many tries it took, or a verdict."""
        order = {"prompt": prompt, "size": "64x64", "seconds": "1"}
        seen, tries = await self.raw.post("/v1/videos", order), 1
        if seen.status == 429:
            seen, tries = await self.raw.post("/v1/videos", order), 2
        if 400 <= seen.status < 500:
            return ExpectedOutcome.REFUSED, tries
        body = parsed(seen) if seen.status == 200 else {}
        ticket = body.get("id")
        if ticket is None and isinstance(body.get("error"), dict):
            return ExpectedOutcome.REFUSED, tries
        if not isinstance(ticket, str) or not re.fullmatch(r"[\w-]{1,200}", ticket) or ticket in self.known:
            return ExpectedOutcome.UNKNOWN, tries
        self.known.add(ticket)
        return ticket, tries

    async def watch(self, ticket: str) -> ExpectedOutcome | None:
        """None: it is completed."""
        gone = 0
        for _ in range(LOOKS):
            seen = await self.raw.get(f"/v1/videos/{ticket}")
            gone = gone + 1 if seen.status == 404 else 0
            if gone == 3:
                return ExpectedOutcome.LOST
            status = STATUSES.get(str(parsed(seen).get("status")).lower())
            if status is not None:
                return ExpectedOutcome.FAILED if status == "failed" else None
            await self.raw.clock.sleep(0.05)
        return ExpectedOutcome.TIMED_OUT

    async def fetch(self, path: str) -> ExpectedOutcome:
        """The film, in as many pieces as it takes."""
        film, etag = b"", ""
        for _ in range(DOWNLOADS):
            headers = {"Range": f"bytes={len(film)}-", "If-Range": etag} if film else {}
            seen = await self.raw.get(path, **headers)
            location = re.fullmatch(r"http://localhost:\d+(/.*)", seen.headers.get("location", ""))
            path = location[1] if location else path
            if seen.status not in {200, 206}:
                continue
            said = int(seen.headers.get("content-length", len(seen.body)))
            goes_on = seen.status == 206 and seen.headers["etag"] == etag
            film = (film if goes_on else b"") + (seen.body[:said] if seen.status == 200 or goes_on else b"")
            etag = seen.headers["etag"]
            if seen.ended == "closed" and len(seen.body) >= said and self.is_whole(film):
                return ExpectedOutcome.COMPLETED
            if seen.ended == "closed" and len(seen.body) >= said:
                film = b""
        return ExpectedOutcome.BAD_OUTPUT

    def is_whole(self, film: bytes) -> bool:
        """Whether it is what was ordered."""
        path = self.folder / "film.mp4"
        path.write_bytes(film)
        try:
            verify(path, Size(64, 64), 1)
        except BadArtifact:
            return False
        return True


def parsed(seen: Seen) -> dict[str, Any]:
    """Its JSON object; an empty one if there is none, or not all of it, or too much."""
    try:
        value = seen.json if seen.status and seen.whole and len(seen.body) <= LONGEST else {}
    except (json.JSONDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@pytest.mark.parametrize("name", mock.FAULTS)
async def test_a_good_client_comes_to_the_verdict(name: str, start: Starting, tmp_path: Path) -> None:
    """The one of the table; and the upstream never has it twice."""
    upstream, raw = await start(any_size=True)
    client = Client(raw, tmp_path)
    if name == "id-reused":
        assert await client.make("A boat that meets nothing") is ExpectedOutcome.COMPLETED
    prompt = f"A paper boat {tag(name)}"
    assert await client.make(prompt) is mock.FAULTS[name].verdict
    assert mock.submissions(upstream.lines).get(prompt, 0) <= 1


@pytest.mark.parametrize("vendor", mock.VENDORS)
async def test_every_fault_in_every_vendors_words(vendor: str) -> None:
    """No fault trips over the way in which some vendor says things."""
    upstream = MockUpstream(mock.MockConfig(any_size=True, max_running=0, creates_per_minute=0))
    call = MockRequest(
        vendor=mock.VENDORS[vendor], origin="http://mock", base_url="http://mock/v1", url="", multipart=True
    )
    for fault in mock.FAULTS.values():
        if fault.name in {"outage", "slow-success"}:
            continue
        order = {"prompt": f"A {tag(fault.name)}", "model": "sora-2", "seconds": "1", "size": "64x64"}
        await upstream.create(call, order)
        if not fault.accepts_job:
            continue
        job = upstream.jobs.latest_id()
        replies = [await upstream.retrieve(call, job) for _ in range(4)]
        replies.append(await upstream.content(call, job))
        assert {reply.status for reply in replies} <= {200, 302, 400, 401, 404, 408, 422, 429, 500, 503}
    await upstream.close()
