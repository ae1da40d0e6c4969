"""The framing of requests: the same bytes are the same requests for this server and for h11, however they are cut."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.http_wire import Exchange, SeenRequest, exchange, judge

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
"""What every stock Java client and ``curl --http2`` add to a request over plain HTTP."""


def _post(body: bytes, headers: bytes = b"", path: bytes = b"/v1/videos", version: bytes = b"1.1") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/" + version + b"\r\nHost: a\r\n" + headers + length + b"\r\n" + body


def _run(pieces: list[bytes], *, streamed: bool = False) -> Exchange:
    return asyncio.run(exchange(pieces, streamed=streamed))


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "offer",
    [
        H2C,
        b"Upgrade: h2c\r\nConnection: upgrade\r\n",
        b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        b"Connection: close\r\nConnection: UPGRADE\r\nUpgrade: foo/2, bar\r\n",
        b"Expect: 100-continue\r\n" + H2C,
        b"Upgrade: h2c\r\n",
    ],
)
def test_an_offered_upgrade_changes_nothing(offer: bytes) -> None:
    """The body is a body at whatever byte the segments are cut, also if it looks like a request."""
    data = _post(SMUGGLED, offer) + NEXT
    expected = [SeenRequest("POST", "/v1/videos", SMUGGLED), SeenRequest("GET", "/next", b"")]
    if b"close" in offer:
        expected.pop()
    for cut in range(1, len(data)):
        seen = _run([data[:cut], data[cut:]])
        assert list(seen.requests) == expected
        assert seen.statuses == (200,) * len(expected)


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked\r\n", H2C + b"Transfer-Encoding: chunked\r\n"])
def test_trailers_are_no_headers(framing: bytes) -> None:
    """A field after a chunked body is dropped: it came after the key and the content type were read."""
    data = (
        b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n2;x=y\r\nab\r\n0\r\nAuthorization: Bearer k\r\n\r\n" + NEXT
    )
    for cut in range(1, len(data)):
        seen = _run([data[:cut], data[cut:]])
        assert [request.body for request in seen.requests] == [b"ab", b""]


def test_connect_is_refused() -> None:
    """A request to connect elsewhere gets 400, and nothing after it is read as a request."""
    seen = _run([b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT])
    assert (seen.requests, seen.statuses, seen.closed) == ((), (400,), True)


@pytest.mark.parametrize("streamed", [False, True])
def test_http_1_0_gets_no_chunks(*, streamed: bool) -> None:
    """A response of unknown length ends with the connection, and nobody is told to continue."""
    seen = _run([_post(b"ab", b"Expect: 100-continue\r\n", version=b"1.0")], streamed=streamed)
    head, _, body = seen.output.partition(b"\r\n\r\n")
    assert (body, b"chunked" in head.lower(), b"connection: close" in head.lower()) == (b"ok", False, True)
    assert (seen.closed, seen.output.startswith(b"HTTP/1.1 200")) == (True, True)


def test_an_unreadable_request_is_answered_after_those_before_it() -> None:
    """A pipelined client gets the answers of what was accepted, in order, then one refusal."""
    seen = _run([_post(b"one") + NEXT + b"what?\r\n\r\n" + NEXT])
    assert (seen.statuses, seen.closed) == ((200, 200, 400), True)
    broken = b"POST /broken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    seen = _run([_post(b"one") + broken + NEXT])
    assert ([request.target for request in seen.requests], seen.statuses) == (["/v1/videos"], (200, 400))


def test_a_body_that_breaks_has_one_answer() -> None:
    """The request whose chunks can't be read gets 400 and no second answer."""
    head = b"POST /broken HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    for pieces in ([head + b"zz\r\n"], [head, b"zz\r\n", NEXT]):
        seen = _run(pieces)
        assert (seen.requests, seen.statuses, seen.closed) == ((), (400,), True)


@pytest.mark.parametrize("endless", [b"1;" + b"x" * 200_000, b"0\r\nX: " + b"x" * 200_000])
def test_what_surrounds_a_body_is_bounded(endless: bytes) -> None:
    """A chunk's extensions and the trailers count, which no limit of the body sees."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [endless[at : at + 10_000] for at in range(0, len(endless), 10_000)]
    assert _run([head, *pieces]).statuses == (400,)


def test_many_offers_in_one_segment_are_read() -> None:
    """Each is parsed once more, without recursion."""
    seen = _run([b"".join(_post(b"x", H2C, b"/%d" % number) for number in range(300))])
    assert seen.statuses == (200,) * 300


# ---- against h11

NAMES = ("Connection", "Upgrade", "TE", "Expect", "Trailer", "Via", "Range", "Keep-Alive", "X-Other", "Host")
VALUES = (
    "close",
    "keep-alive",
    "Upgrade",
    "upgrade, close",
    "HTTP2-Settings, Upgrade",
    "h2c",
    "websocket",
    "trailers",
    "100-continue",
    "Content-Length",
    "a\r\n b",
    "a\r\n\tb",
    "",
    " \t",
    "bytes=0-1",
    "1.1 proxy",
    "a, , b",
    "\x01",
    "\x80",
)
FRAMINGS = (
    "Content-Length: {length}",
    "Content-Length: {length}\r\nContent-Length: {length}",
    "Content-Length: {length}\r\nContent-Length: 1",
    "Content-Length: +{length}",
    "Content-Length: {length}, {length}",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nContent-Length: {length}",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\r\n chunked",
)


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from(["GET", "POST", "POST", "DELETE", "HEAD"]))
    version = draw(st.sampled_from(["1.1", "1.1", "1.1", "1.0"]))
    lines = [f"{method} /{draw(st.integers(0, 9))} HTTP/{version}", "Host: a"]
    fields = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=3))
    lines += [f"{name}: {value}" for name, value in fields]
    body = b""
    if draw(st.booleans()):
        body = draw(st.sampled_from([b"", b"x", b"hello", SMUGGLED]))
        framing = draw(st.sampled_from(FRAMINGS)).format(length=len(body))
        lines.insert(draw(st.integers(1, len(lines))), framing)
        if "chunked" in framing.lower():
            body = draw(_chunks(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@st.composite
def _chunks(draw: st.DrawFn, body: bytes) -> bytes:
    extension = draw(st.sampled_from([b"", b";a", b";a=b", b' ;a="b;c"', b" "]))
    trailers = draw(st.sampled_from([b"", b"X: y\r\n", b"Content-Length: 3\r\n", b"Connection: Upgrade\r\n"]))
    parts = [body[:1], body[1:]] if draw(st.booleans()) else [body]
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts if part)
    return chunks + draw(st.sampled_from([b"0\r\n", b"00\r\n", b"0;a=b\r\n"])) + trailers + b"\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_a_head_with_two_meanings_is_refused(head: bytes) -> None:
    """One host, and no transfer coding but chunked: else a proxy and this server could read different requests."""
    assert (_run([head]).statuses, _run([head]).closed) == ((400,), True)


def _cuts(data: bytes, positions: list[int]) -> Iterator[bytes]:
    places = sorted({position % len(data) for position in positions} | {0, len(data)})
    for start, end in pairwise(places):
        yield data[start:end]


STRICTER = (
    re.compile(rb"[\x00\x01]"),  # control characters in a field
    re.compile(rb"\r\n[ \t]"),  # a field over several lines, which RFC 9112 lets a server refuse
    re.compile(rb"Content-Length: \d+(, \d+|.*Content-Length: )", re.DOTALL),  # the same length twice
    re.compile(rb"chunked\r\n.*Content-Length: ", re.DOTALL | re.IGNORECASE),  # a length as a trailer
    re.compile(rb"\n[0-9a-f]+ +[\r;]"),  # blanks after a chunk's size
)
"""What h11 accepts and this server refuses."""


@given(st.lists(_requests(), min_size=1, max_size=3), st.lists(st.integers(0, 10_000), max_size=6))
def test_the_same_requests_as_h11_or_a_refusal(parts: list[bytes], positions: list[int]) -> None:
    """Every request that is answered is one that h11 sees, with the same body; the rest is one refusal and the end."""
    data = b"".join(parts)
    ours, theirs = _run(list(_cuts(data, positions))), judge(data)
    whole = _run([data])
    assert ours.requests == whole.requests
    assert ours.statuses == whole.statuses
    assert ours.requests == theirs.requests[: len(ours.requests)], data
    assert len(ours.statuses) == len(ours.requests) + ours.refused, data
    if not ours.refused:
        assert len(ours.requests) == len(theirs.requests), data
    elif not theirs.refused:
        assert any(reason.search(data) for reason in STRICTER), data
    if ours.refused or theirs.refused:
        assert ours.closed, data
