"""Request bodies: every encoding that clients use, and malformed ones."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING

import msgspec
import pytest
from PIL import Image
from tests.support.polling import until

from filmgate.server.body import BodyLimits, BodyReader
from filmgate.wire.params import Fields, Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2
    from tests.integration.server.conftest import ApiServer, Launch, LiveServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
FILES = frozenset({"input_reference"})
BOUNDARY = "frontier"


def _form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    body = b"".join(b"--frontier\r\n%b\r\n\r\n%b\r\n" % (head.encode(), data) for head, data in parts)
    return body + (b"--frontier--\r\n" if end else b"")


def _part(name: str, data: bytes, more: str = "") -> tuple[str, bytes]:
    return f'Content-Disposition: form-data; name="{name}"{more}', data


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (720, 1280), "teal").save(out, "png")
    return out.getvalue()


class ParsedBody(msgspec.Struct):
    """The fields and the file of a body."""

    fields: Fields
    file: bytes | None = None


async def _parse(api_server: ApiServer, body: bytes, content_type: str | None = None, piece: int = 65536) -> ParsedBody:
    pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    reader = BodyReader(api_server.storage, BodyLimits(max_bytes=64 * 1024 * 1024, timeout=20))
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]
    scope = {"type": "http", "headers": headers}
    async with reader.read_fields(scope, receive, FILES) as fields:
        upload = fields.get("input_reference")
        parsed = ParsedBody(fields, upload.path.read_bytes() if isinstance(upload, Upload) else None)
        if isinstance(upload, Upload) and parsed.file is not None:
            assert upload.bytes == len(parsed.file)
            assert upload.sha256 == hashlib.sha256(parsed.file).hexdigest()
    assert api_server.staged == []
    return parsed


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"prompt": "a boat"}', "application/json"),
        (b'{"prompt": "a boat"}', "application/json; charset=UTF-8"),
        (b'\xef\xbb\xbf{"prompt": "a boat"}', "application/json"),
        (b' {"prompt": "a boat"}', None),
        (b'{"prompt": "a boat"}', "application/x-www-form-urlencoded"),
        (b'{"prompt": "a boat"}', "text/plain"),
        ('{"prompt": "a boat"}'.encode("utf-16"), "application/json; charset=utf-16"),
        (b"prompt=a+boat", "application/x-www-form-urlencoded"),
        (_form(_part("prompt", b"a boat")), MULTIPART),
        (_form(_part("prompt", b"a boat", '; filename="prompt.txt"')), MULTIPART),
        (_form(_part("prompt", b"a boat")), 'Multipart/Form-Data; Boundary="frontier"'),
        (b"preamble\r\n" + _form(_part("prompt", b"a boat")) + b"epilogue" * 100, MULTIPART),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 65536])
async def test_every_encoding_of_a_text_is_read(
    api_server: ApiServer, body: bytes, content_type: str | None, piece: int
) -> None:
    """JSON and forms mean the same with a right, a wrong or no content type, in pieces of any size."""
    if body.startswith(b"preamble"):
        body = body.removeprefix(b"preamble\r\n")
    assert (await _parse(api_server, body, content_type, piece)).fields == {"prompt": "a boat"}


@pytest.mark.parametrize(
    "head",
    [
        '; filename="upload"\r\nContent-Type: application/octet-stream',
        '; filename="anonymous_file"\r\nContent-Type: application/octet-stream',
        '; filename="dog.jpg"\r\nContent-Type: image/jpeg',
        "; filename=\"\"; filename*=UTF-8''x.png",
        "\r\nContent-Type: application/octet-stream",
        "",
    ],
)
@pytest.mark.parametrize("piece", [1, 9, 65536])
async def test_every_spelling_of_a_file_is_read(api_server: ApiServer, head: str, piece: int) -> None:
    """An image is a file whatever the headers of its part, even without a file name."""
    parsed = await _parse(api_server, _form(_part("input_reference", PNG, head)), MULTIPART, piece)
    assert parsed.file == PNG


async def test_a_file_without_a_name_may_be_large(api_server: ApiServer) -> None:
    """Streams of the Java SDK have no file name, and images of 12 MB exist."""
    image = PNG + bytes(12 * 1024 * 1024)
    assert (await _parse(api_server, _form(_part("input_reference", image)), MULTIPART)).file == image


@pytest.mark.parametrize("text", [b"hello", b"", b"https://example.org/dog.png"])
async def test_text_in_a_file_field_stays_text(api_server: ApiServer, text: bytes) -> None:
    """The dialect can then name the expected type."""
    assert (await _parse(api_server, _form(_part("input_reference", text)), MULTIPART)).fields == {
        "input_reference": text.decode()
    }


@pytest.mark.parametrize("head", ['; filename=""\r\nContent-Type: application/octet-stream', ""])
async def test_a_file_input_that_was_left_empty_is_an_empty_text(api_server: ApiServer, head: str) -> None:
    """Browsers send it without a file name and without a byte; an empty file with a name stays a file."""
    assert (await _parse(api_server, _form(_part("input_reference", b"", head)), MULTIPART)).fields == {
        "input_reference": ""
    }
    named = await _parse(api_server, _form(_part("input_reference", b"", '; filename="x.png"')), MULTIPART)
    assert named.file == b""


@pytest.mark.parametrize("name", ["input_reference[]", "input_reference[0]", "input_reference.0"])
async def test_a_file_in_an_array_is_a_file(api_server: ApiServer, api: httpx2.AsyncClient, name: str) -> None:
    """One is taken as the reference image, two are an error; a text as long as a data URL may be JSON."""
    png = _png()
    headers = {"content-type": MULTIPART}
    prompt, one = _part("prompt", b"a boat"), _part(name, png, '; filename="x.png"')
    assert (await api.post("/v1/videos", content=_form(prompt, one), headers=headers)).status_code == 200
    other = _part(name.replace("0", "1"), png, '; filename="y.png"')
    answer = await api.post("/v1/videos", content=_form(prompt, one, other), headers=headers)
    message = "Invalid 'input_reference': expected one value, but the form has 2."
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    url = b"data:image/png;base64," + base64.b64encode(png) + b" " * 2_000_000
    as_json = _part("input_reference", b'{"image_url":"%b"}' % url, "\r\nContent-Type: application/json")
    assert (await api.post("/v1/videos", content=_form(prompt, as_json), headers=headers)).status_code == 200
    assert api_server.staged == []


@pytest.mark.parametrize("name", ["image", "image[]", "images[0]", "first_frame", "reference_image", "file"])
@pytest.mark.parametrize("data", [PNG, b"\xff\xd8\xff\xe0" * 500_000, b"", "小狗".encode("gbk")])
async def test_a_file_under_another_name_is_an_unknown_parameter(
    api_server: ApiServer, api: httpx2.AsyncClient, name: str, data: bytes
) -> None:
    """Never a reason that concerns its bytes: a NUL, its length, its encoding."""
    body = _form(_part(name, data, '; filename="x.png"'), _part(name, data), _part("seconds", b"9"))
    answer = await api.post("/v1/videos", content=body, headers={"content-type": MULTIPART})
    message = f"Unknown parameter: '{name.partition('[')[0]}'. Use 'input_reference' instead."
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert api_server.staged == []


async def test_bracket_names_become_objects(api_server: ApiServer) -> None:
    """The official SDKs' spelling of objects is read; a data URL may have twenty million characters."""
    url = b"data:image/png;base64," + b"A" * 20_971_000
    body = _form(_part("prompt", "小狗".encode()), _part("input_reference[image_url]", url))
    fields = (await _parse(api_server, body, MULTIPART)).fields
    assert fields == {"prompt": "小狗", "input_reference": {"image_url": url.decode()}}


async def test_a_part_is_decoded_in_its_charset(api_server: ApiServer) -> None:
    """Text is read in the charset that its part names."""
    body = _form(_part("prompt", "小狗".encode("gbk"), "\r\nContent-Type: text/plain; charset=GBK"))
    assert (await _parse(api_server, body, MULTIPART)).fields == {"prompt": "小狗"}


def _mistakes() -> Iterator[tuple[str, bytes, str, str]]:
    text = _part("prompt", b"a boat")
    yield "no boundary", _form(text), "multipart/form-data", "invalid_body"
    yield "a boundary too long", _form(text), f"multipart/form-data; boundary={'b' * 300}", "invalid_body"
    yield "another boundary", _form(text), "multipart/form-data; boundary=other", "invalid_body"
    yield "cut short", _form(text, end=False), MULTIPART, "invalid_body"
    yield "empty form", b"", MULTIPART, "invalid_body"
    yield "a part without name", _form(("Content-Type: text/plain", b"x")), MULTIPART, "invalid_body"
    yield "endless headers", _form(_part("prompt", b"x", "\r\nX: " + "y" * 9000)), MULTIPART, "invalid_body"
    yield "many headers", _form(_part("prompt", b"x", "\r\nX: y" * 50)), MULTIPART, "invalid_body"
    yield "no UTF-8", _form(_part("prompt", b"\xff\xfe")), MULTIPART, "invalid_type"
    yield "an odd charset", b"{}", "application/json; charset=unicode_escape", "invalid_body"
    yield "no charset at all", b"{}", "application/json; charset=zip", "invalid_body"
    yield "a long text", _form(_part("prompt", b"x" * 1_100_000)), MULTIPART, "invalid_value"
    yield "a field twice", _form(text, text), MULTIPART, "invalid_body"
    yield "another type", b"<xml/>", "application/xml", "invalid_body"
    yield "no JSON", b'{"prompt": ', "application/json", "invalid_body"
    yield "no object", b"[1]", "application/json", "invalid_body"
    yield "NaN", b'{"seconds": NaN}', "application/json", "invalid_body"
    yield "a key twice", b'{"prompt": "a", "prompt": "b"}', "application/json", "invalid_body"
    yield "deep", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "application/json", "invalid_body"
    yield "many pairs", b"&".join(b"a%d=b" % number for number in range(1000)), URLENCODED, "invalid_body"


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type", "code"), [case[1:] for case in _mistakes()], ids=[case[0] for case in _mistakes()]
)
async def test_malformed_bodies_are_rejected(
    api_server: ApiServer, api: httpx2.AsyncClient, body: bytes, content_type: str, code: str
) -> None:
    """Each is a 400 in the API's JSON shape, and leaves no staged file."""
    answer = await api.post("/v1/videos", content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), answer.text
    assert api_server.staged == []


async def test_a_compressed_body_is_rejected(api: httpx2.AsyncClient) -> None:
    """It is never decompressed."""
    answer = await api.post("/v1/videos", json={}, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")


async def test_a_body_over_the_limit_is_rejected(api_server: ApiServer, api: httpx2.AsyncClient) -> None:
    """413, whether or not its length was declared."""

    async def endless() -> Iterator[bytes]:  # type: ignore[misc]  # an async generator
        while True:
            yield bytes(1024 * 1024)

    for content in (bytes(41 * 1024 * 1024), endless()):
        headers = {"content-type": MULTIPART if isinstance(content, bytes) else "application/json"}
        answer = await api.post("/v1/videos", content=content, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert api_server.staged == []


@pytest.mark.parametrize("name", ["prompt", "input_reference"])
async def test_a_body_of_a_hundred_thousand_parts_is_not_read_to_its_end(
    api_server: ApiServer, api: httpx2.AsyncClient, name: str
) -> None:
    """It is rejected after the first hundred or so, whether text or files: at most a hundredth of it is read."""
    body = _form(*[_part(name, PNG[:20], '; filename="f"')] * 100_000)
    read_bytes = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read_bytes
        for start in range(0, len(body), 4096):
            read_bytes += 4096
            yield body[start : start + 4096]

    answer = await api.post("/v1/videos", content=pieces(), headers={"content-type": MULTIPART})
    assert answer.status_code == 400
    assert read_bytes < len(body) / 100
    assert api_server.staged == []


def test_a_client_that_disconnects_midway_leaves_nothing(live: LiveServer) -> None:
    """Nothing is accepted, nothing stays in the staging folder."""
    body = _form(_part("prompt", b"a boat"), _part("input_reference", PNG * 200, '; filename="f"'))
    with live.connect() as connection:
        head = live.head("POST", "/v1/videos", f"Content-Type: {MULTIPART}", f"Content-Length: {len(body)}")
        connection.sendall(head + body[: len(body) // 2])
        until(lambda: len(live.api_server.staged) == 1)
    until(lambda: live.api_server.staged == [])
    assert live.api_server.fake_flow.woken == []


def test_a_slow_body_times_out(launch: Launch) -> None:
    """A body that does not arrive in time is a 400, and the connection is closed."""
    live = launch(body_timeout=0.3)
    with live.connect() as connection:
        head = live.head("POST", "/v1/videos", f"Content-Type: {MULTIPART}", "Content-Length: 1000")
        connection.sendall(head + b"--frontier\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"body_timeout"' in answer
    assert b"connection: close" in answer


def test_expect_100_continue_is_answered(live: LiveServer) -> None:
    """``100 Continue`` is sent before the body is read, and not if the request is rejected."""
    body = b'{"prompt": "a boat"}'
    with live.connect() as connection:
        expect = ("Expect: 100-continue", f"Content-Length: {len(body)}", "Connection: close")
        connection.sendall(live.head("POST", "/v1/videos", *expect))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b"".join(iter(lambda: connection.recv(65536), b"")).startswith(b"HTTP/1.1 200 ")
    with live.connect() as connection:
        connection.sendall(live.head("POST", "/v1/videos/x", *expect))
        assert connection.recv(65536).startswith(b"HTTP/1.1 405 ")
