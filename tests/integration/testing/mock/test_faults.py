"""Every fault does on the wire what its sentence says; a fault without a check here fails."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.raw_client import START, RawClient, Seen, Starting

from filmgate.domain import Size
from filmgate.media.probe import probe
from filmgate.testing import mock
from filmgate.testing.mock.faults.poll import CANARY_KEY

SIZE, SECONDS = Size(64, 64), 1
"""Small, so that a hundred films cost nothing; a model server takes any size."""

ARGUMENTS = {
    "reply-late": "0.2",
    "id-huge": "1000000",
    "submit-huge": "2000000",
    "poll-huge": "2000000",
    "poll-late": "0.2",
    "poll-drips": "0.3",
    "content-late": "0.2",
    "content-drips": "0.3",
    "outage": "0.3",
}
"""What keeps a test short."""


def tag(name: str) -> str:
    """What asks for a fault in a prompt."""
    return f"[mock:{name}={ARGUMENTS[name]}]" if name in ARGUMENTS else f"[mock:{name}]"


class Story:
    """One job that meets one fault, asked step by step."""

    def __init__(self, upstream: mock.RunningMock, raw: RawClient, name: str) -> None:
        self.upstream, self.raw, self.name = upstream, raw, name
        self.prompt = f"A paper boat {tag(name)}"

    async def create(self) -> Seen:
        """Order it."""
        fields = {"prompt": self.prompt, "size": str(SIZE), "seconds": str(SECONDS)}
        return await self.raw.post("/v1/videos", fields)

    @property
    def job(self) -> str:
        """Its id, by the mock's own books."""
        return self.submissions[-1].job

    @property
    def submissions(self) -> Sequence[mock.LogLine]:
        """What was accepted."""
        return [line for line in self.upstream.lines if line.event is mock.LogEvent.SUBMISSION]

    async def look(self) -> Seen:
        """Ask how it is."""
        return await self.raw.get(f"/v1/videos/{self.job}")

    async def content(self, **headers: str) -> Seen:
        """Fetch it."""
        return await self.raw.get(f"/v1/videos/{self.job}/content", **headers)


Check = Callable[[Story], Awaitable[None]]
Test = Callable[[Seen], object]


# ---- of a create


def created(test: Test) -> Check:
    """Accepted, logged, and answered so."""

    async def check(story: Story) -> None:
        seen = await story.create()
        assert test(seen), seen
        assert [line.prompt for line in story.submissions] == [story.prompt]
        assert story.submissions[0].faults[0].startswith(story.name)

    return check


def refused(test: Test, *, then_accepted: bool = False) -> Check:
    """Not accepted, and answered so; the second time honestly, or not."""

    async def check(story: Story) -> None:
        seen = await story.create()
        assert test(seen), seen
        again = await story.create()
        assert bool(test(again)) != then_accepted
        assert len(story.submissions) == then_accepted

    return check


def says(status: int, **error: object) -> Test:
    """An error in the envelope."""
    return lambda seen: seen.whole and seen.status == status and error.items() <= seen.json["error"].items()


def throttled(test: Callable[[str | None], object], header: str = "retry-after") -> Check:
    """429 with that header, once."""
    return refused(lambda seen: seen.status == 429 and test(seen.headers.get(header)), then_accepted=True)


def video(test: Callable[[dict[str, Any]], object]) -> Test:
    """A whole 200 whose JSON is such."""
    return lambda seen: seen.whole and seen.status == 200 and test(seen.json)


def dated(seconds: float) -> Callable[[str | None], object]:
    """A Retry-After that is a date so far from now."""
    return lambda value: parsedate_to_datetime(value or "").timestamp() == START + seconds


async def same_id(story: Story) -> None:
    """The second of two jobs has the first one's id."""
    first = await story.raw.post("/v1/videos", {"prompt": "Another boat", "size": "64x64", "seconds": "1"})
    second = await story.create()
    assert second.json["id"] == first.json["id"]
    assert len({line.job for line in story.submissions}) == 2


# ---- of a look


def looks(*tests: Test) -> Check:
    """The looks, one after the other; the last one's for ever."""

    async def check(story: Story) -> None:
        await story.create()
        for test in (*tests, tests[-1]):
            seen = await story.look()
            assert test(seen), seen

    return check


def progress(*values: object) -> Check:
    """In progress with those values, then completed."""

    def showing(value: object) -> Test:
        return video(
            lambda v: v["status"] == "in_progress" and v["progress"] == value and type(v["progress"]) is type(value)
        )

    return looks(*map(showing, values), done)


def status(*values: object) -> Check:
    """Those statuses, the last one for ever."""

    def showing(value: object) -> Test:
        return video(lambda v: v["status"] == value)

    return looks(*map(showing, values))


def fails(test: Callable[[dict[str, Any]], object]) -> Check:
    """The job ends so, and has no content."""

    async def check(story: Story) -> None:
        await looks(video(test))(story)
        assert (await story.content()).status == 404

    return check


def failed_with(error: object) -> Check:
    """Failed, with that as its error."""
    return fails(lambda v: v["status"] == "failed" and v["error"] == error)


done = video(lambda v: v["status"] == "completed" and v["progress"] == 100)


# ---- of content


def contents(*tests: Test) -> Check:
    """The downloads, one after the other; the last one's for ever."""

    async def check(story: Story) -> None:
        await story.create()
        assert done(await story.look())
        for test in (*tests, tests[-1]):
            seen = await story.content()
            assert test(seen), (seen.status, seen.headers, len(seen.body), seen.ended)

    return check


def film(seen: Seen) -> bool:
    """A whole film whose ETag is its digest."""
    digest = hashlib.sha256(seen.body).hexdigest()
    return seen.status == 200 and seen.whole and seen.body[4:8] == b"ftyp" and seen.headers["etag"] == f'"{digest}"'


def said(seen: Seen) -> int:
    """Its Content-Length."""
    return int(seen.headers["content-length"])


def broken_off(ended: str) -> Test:
    """Half a film."""
    return lambda seen: seen.status == 200 and 0 < len(seen.body) < said(seen) and seen.ended == ended


def disguised(beginning: bytes) -> Test:
    """Something else as video/mp4, whole for HTTP."""
    return lambda seen: seen.whole and seen.headers["content-type"] == "video/mp4" and seen.body.startswith(beginning)


def leads(where: str) -> Check:
    """A redirect there."""
    return contents(lambda seen: seen.status == 302 and where in seen.headers["location"])


async def redirected_elsewhere(story: Story) -> None:
    """The other name serves the film, and the log tells whether a key came along."""
    await leads("http://localhost:")(story)
    location = (await story.content()).headers["location"]
    path = location[location.index("/mock/") :]
    here = {"Host": location.split("/")[2]}
    assert film(await story.raw.get(path, **here))
    assert film(await story.raw.get(path, **here, Authorization="Bearer sk-oops"))
    assert [line.credential for line in story.upstream.lines[-2:]] == [False, True]


async def resumed(story: Story) -> tuple[Seen, Seen]:
    """A download that breaks off, and the Range after it."""
    await story.create()
    first = await story.content()
    assert broken_off("reset")(first)
    have = len(first.body) // 2
    return first, await story.content(Range=f"bytes={have}-")


async def range_ignored(story: Story) -> None:
    """The whole film, 200."""
    _, second = await resumed(story)
    assert film(second)


async def etag_changed(story: Story) -> None:
    """A part of another film; begun anew, it is whole."""
    first, second = await resumed(story)
    assert second.status == 206
    assert second.headers["etag"] != first.headers["etag"]
    assert second.headers["content-range"].startswith(f"bytes {len(first.body) // 2}-")
    anew = await story.content()
    assert film(anew)
    assert anew.headers["etag"] == second.headers["etag"]


def film_is(size: Size, seconds: float) -> Check:
    """A true film, but of another size or length."""

    async def check(story: Story) -> None:
        await story.create()
        seen = await story.content()
        assert film(seen)
        path = Path(story.upstream.upstream.config.log or "").with_name("film.mp4")
        path.write_bytes(seen.body)
        found = probe(path)
        assert found.size == size
        assert abs(found.seconds - seconds) < 0.1

    return check


async def outage(story: Story) -> None:
    """Everything is reset, the mock's own answers are not; then all is well."""
    assert (await story.create()).status == 200
    for path in ("/v1/models", f"/v1/videos/{story.job}", f"/v1/videos/{story.job}/content"):
        assert (await story.raw.get(path)).ended == "reset"
    assert (await story.raw.get("/mock/jobs")).status == 200
    await story.raw.clock.sleep(0.3)
    assert done(await story.look())


def reset(seen: Seen) -> bool:
    """Torn down without a byte."""
    return seen.status == 0 and seen.body == b"" and seen.ended == "reset"


def silent(seen: Seen) -> bool:
    """Not a byte, and the connection stays."""
    return seen.status == 0 and seen.body == b"" and seen.ended == "silent"


def cut(seen: Seen) -> bool:
    """200, and an end before the end."""
    return seen.status == 200 and seen.ended == "closed" and 0 < len(seen.body) < said(seen)


def page(seen: Seen) -> bool:
    """HTML, 200."""
    return seen.status == 200 and seen.headers["content-type"] == "text/html" and seen.body.startswith(b"<!DOCTYPE")


def empty(seen: Seen) -> bool:
    """200 and nothing."""
    return seen.status == 200 and seen.whole and seen.body == b""


def half_json(seen: Seen) -> bool:
    """Whole for HTTP, not for a parser."""
    with pytest.raises(json.JSONDecodeError):
        _ = seen.json
    return seen.status == 200 and seen.whole and seen.body.startswith(b"{")


def deep(seen: Seen) -> bool:
    """Brackets."""
    return seen.status == 200 and seen.whole and b"[" * 100_000 in seen.body


def large(seen: Seen) -> object:
    """JSON of 2 MB."""
    return video(lambda v: len(v["padding"]) == 2_000_000)(seen)


def any_status(seen: Seen) -> bool:
    """An honest answer."""
    return seen.status == 200 and seen.whole


CHECKS: dict[str, Check] = {
    "reply-lost": created(reset),
    "reply-cut": created(cut),
    "reply-late": created(lambda seen: any_status(seen) and seen.took >= 0.2),
    "reply-never": created(silent),
    "submit-5xx-accepted": created(says(500)),
    "id-missing": created(video(lambda v: "id" not in v and v["status"] == "queued")),
    "id-null": created(video(lambda v: v["id"] is None)),
    "id-huge": created(video(lambda v: len(v["id"]) == 1_000_000)),
    "id-traversal": created(video(lambda v: v["id"].startswith("../../"))),
    "id-reused": same_id,
    "submit-html": created(page),
    "submit-empty": created(empty),
    "submit-truncated": created(half_json),
    "submit-deep": created(deep),
    "submit-huge": created(large),
    "submit-5xx": refused(says(503), then_accepted=True),
    "submit-reset": refused(reset, then_accepted=True),
    "submit-error-in-200": refused(says(200, code="invalid_request")),
    "submit-400": refused(says(400, code="invalid_value")),
    "submit-moderated": refused(says(400, code="moderation_blocked")),
    "submit-401": refused(says(401, code="invalid_api_key")),
    "submit-402": refused(says(402, code="insufficient_quota")),
    "submit-403": refused(says(403, code="forbidden")),
    "submit-429": throttled(lambda value: value is None),
    "submit-429-seconds": throttled(lambda value: value == "1"),
    "submit-429-zero": throttled(lambda value: value == "0"),
    "submit-429-fraction": throttled(lambda value: value == "0.5"),
    "submit-429-ms": throttled(lambda value: value == "500", "retry-after-ms"),
    "submit-429-date": throttled(dated(1)),
    "submit-429-past": throttled(dated(-86_400)),
    "submit-429-negative": throttled(lambda value: value == "-1"),
    "submit-429-far": throttled(lambda value: value == "31536000"),
    "submit-429-junk": throttled(lambda value: value == "soon"),
    "status-case": status("IN_PROGRESS", "COMPLETED"),
    "status-synonyms": status("processing", "succeeded"),
    "status-unknown": status("percolating", "percolating", "completed"),
    "status-missing": looks(video(lambda v: "status" not in v), video(lambda v: "status" not in v), done),
    "status-null": status(None, None, "completed"),
    "status-numeric": status(0, 1, "completed"),
    "status-unknown-ever": status("percolating", "percolating", "percolating"),
    "status-expired": fails(lambda v: v["status"] == "expired" and v["error"] is None),
    "status-cancelled": fails(lambda v: v["status"] == "cancelled" and v["error"] is None),
    "status-deleted": fails(lambda v: v["status"] == "deleted" and v["error"] is None),
    "completed-then-working": status("completed", "in_progress", "in_progress", "completed"),
    "progress-falls": progress(80, 20, 50),
    "progress-250": progress(250, 250),
    "progress-negative": progress(-5, -5),
    "progress-text": progress("45%", "45%"),
    "progress-null": progress(None, None),
    "progress-missing": looks(*[video(lambda v: "progress" not in v)] * 3),
    "progress-99": looks(video(lambda v: v["status"] == "in_progress" and v["progress"] == 99)),
    "never-ends": looks(video(lambda v: v["status"] == "in_progress" and 0 < v["progress"] < 99)),
    "slow-success": looks(video(lambda v: v["status"] == "queued")),
    "failed": fails(lambda v: v["status"] == "failed" and v["error"].keys() == {"code", "message"}),
    "failed-moderated": fails(lambda v: v["status"] == "failed" and v["error"]["code"] == "moderation_blocked"),
    "failed-error-null": failed_with(None),
    "failed-error-missing": fails(lambda v: v["status"] == "failed" and "error" not in v),
    "failed-error-string": failed_with("The generation failed."),
    "failed-error-list": fails(lambda v: v["status"] == "failed" and isinstance(v["error"], list)),
    "failed-error-number": failed_with({"code": 500, "message": "The generation failed."}),
    "failed-error-html": fails(lambda v: v["status"] == "failed" and "<script>" in v["error"]["message"]),
    "failed-error-secret": fails(lambda v: v["status"] == "failed" and CANARY_KEY in v["error"]["message"]),
    "poll-404": looks(says(404), done),
    "poll-404-thrice": looks(says(404), says(404), says(404), done),
    "poll-404-ever": looks(*[says(404)] * 5),
    "poll-5xx": looks(says(503), says(503), done),
    "poll-401": looks(says(401, code="invalid_api_key"), done),
    "poll-408": looks(says(408), done),
    "poll-429": looks(lambda seen: says(429)(seen) and seen.headers["retry-after"] == "1", done),
    "poll-html": looks(page, done),
    "poll-empty": looks(empty, done),
    "poll-truncated": looks(half_json, done),
    "poll-deep": looks(deep, done),
    "poll-huge": looks(large, done),
    "poll-resets": looks(reset, done),
    "poll-hangs": looks(silent, done),
    "poll-cut": looks(cut, done),
    "poll-late": looks(lambda seen: done(seen) and seen.took >= 0.2, lambda seen: done(seen) and seen.took < 0.2),
    "poll-drips": looks(lambda seen: done(seen) and seen.took >= 0.3 and seen.pieces > 3, done),
    "content-404": contents(says(404), says(404), film),
    "content-404-ever": contents(*[says(404)] * 5),
    "content-5xx": contents(says(503), says(503), film),
    "content-400-url": contents(lambda seen: seen.status == 400 and "http://localhost:" in seen.json["detail"]),
    "content-resets": contents(broken_off("reset"), film),
    "content-hangs": contents(broken_off("silent"), film),
    "content-drips": contents(lambda seen: film(seen) and seen.took >= 0.3 and seen.pieces > 3),
    "content-late": contents(lambda seen: film(seen) and seen.took >= 0.2, lambda seen: film(seen) and seen.took < 0.2),
    "content-unsized": contents(lambda seen: "content-length" not in seen.headers and seen.body[4:8] == b"ftyp"),
    "content-short": contents(lambda seen: cut(seen) and len(seen.body) == int(said(seen) * 0.9)),
    "content-long": contents(lambda seen: said(seen) == len(seen.body) // 2),
    "content-cut": contents(lambda seen: film(seen) and mock.read_job_id(seen.body) == ""),
    "content-empty": contents(empty),
    "content-endless": contents(lambda seen: seen.ended == "endless" and "content-length" not in seen.headers),
    "content-html": contents(disguised(b"<!DOCTYPE html>")),
    "content-json": contents(disguised(b'{"error"')),
    "content-png": contents(disguised(b"\x89PNG\r\n")),
    "content-wrong-duration": film_is(SIZE, SECONDS * 2),
    "content-wrong-size": film_is(Size(32, 32), SECONDS),
    "range-ignored": range_ignored,
    "etag-changes": etag_changed,
    "redirect-elsewhere": redirected_elsewhere,
    "redirect-loop": leads("/content"),
    "redirect-private": leads("http://169.254.169.254/"),
    "redirect-file": leads("file:///etc/passwd"),
    "content-disposition": contents(lambda seen: film(seen) and "../../" in seen.headers["content-disposition"]),
    "outage": outage,
}


@pytest.mark.parametrize("name", mock.FAULTS)
async def test_a_fault_does_what_it_says(name: str, start: Starting, tmp_path: Path) -> None:
    """Asked for by a tag in the prompt, it strikes where it should, and only so often."""
    upstream, raw = await start(log=tmp_path / "log.jsonl", any_size=True)
    await CHECKS[name](Story(upstream, raw, name))


def test_every_check_is_of_a_fault() -> None:
    """Nothing is checked that is not there, and each fault says itself in two languages and one sentence."""
    assert CHECKS.keys() == mock.FAULTS.keys()
    for fault in mock.FAULTS.values():
        assert fault.description.en.endswith("."), fault.name
        assert fault.description.zh.endswith("。"), fault.name
