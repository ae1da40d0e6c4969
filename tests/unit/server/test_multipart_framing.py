"""What may stand around the delimiters of a multipart body."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from filmgate.errors import MalformedBody
from filmgate.server.multipart import FormReader
from filmgate.server.multipart_framing import MAX_BLANKS

PART = b'Content-Disposition: form-data; name="prompt"\r\n\r\n'
VALUES = (b"a dog", b"", b"--b", b"\r\n--", b"--b--\r\n", b"\r\n\r\n--c", b" \t\r\n")
PREAMBLES = (b"", b"\r\n", b"This is a message of several parts.\r\n", b"--c\r\n--ab\r\n", b"x--b\r\n")


def _read(body: bytes, cut: int) -> list[tuple[str, object]]:
    reader = FormReader(b"b", (), Path)
    reader.feed(body[:cut])
    reader.feed(body[cut:])
    return [*reader.finish()]


@pytest.mark.parametrize(
    ("preamble", "blanks", "epilogue"), [*product(PREAMBLES, (b"", b" ", b"\t \t"), (b"", b"\r\nand more\r\n--b\r\n"))]
)
def test_preamble_blanks_and_epilogue_are_dropped(preamble: bytes, blanks: bytes, epilogue: bytes) -> None:
    """Values keep every byte, also those that look like a delimiter, wherever the body is cut."""
    for value in VALUES:
        body = preamble + b"--b" + blanks + b"\r\n" + PART + value + b"\r\n--b--" + blanks + epilogue
        for cut in range(len(body)):
            assert _read(body, cut) == [("prompt", value.decode())]


def test_endless_blanks_are_refused() -> None:
    """What waits behind a delimiter is bounded."""
    with pytest.raises(MalformedBody):
        _read(b"--b" + b" " * (MAX_BLANKS + 2) + b"\r\n" + PART, 0)


@pytest.mark.parametrize(
    "body", [b"", b"--b", b"--b  ", b"no delimiter\r\n", b"--b\r\n" + PART + b"x\r\n--b", b"x--b--"]
)
def test_a_body_that_ends_early_is_refused(body: bytes) -> None:
    """Without its closing delimiter a body is not complete."""
    for cut in range(len(body) + 1):
        with pytest.raises(MalformedBody):
            _read(body, cut)
