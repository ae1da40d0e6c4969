"""Cuts data URLs out of a JSON body before it is decoded.

A decoder looks at every character in one call that nothing interrupts: a body of 32 MB would hold up every other
request for 0.1 s and more. So an image of megabytes is found by its quotes, at memory speed, and everything else of a
body is small.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from filmgate.errors import BodyTooLarge

__all__ = ["MAX_JSON_BYTES", "cut_data_urls"]

MAX_JSON_BYTES = 4 * 1024 * 1024
"""Maximum bytes of a JSON body beside its data URLs: twenty milliseconds of a core."""

BLOCK = 64 * 1024
"""A data URL of at least two blocks is found, since one block of it has no quote; a shorter one is decoded like any."""


def cut_data_urls(body: bytes) -> tuple[bytes, Callable[[object], object]]:
    """Return the body with short texts in place of long data URLs, and the function that puts them back into a value.

    Raises:
        BodyTooLarge: what remains is more than MAX_JSON_BYTES.
    """
    if len(body) < 2 * BLOCK:
        return body, _unchanged
    found = [(start, end, url) for start, end in _long_literals(body) if (url := _data_url(body, start, end))]
    if len(body) - sum(end - start for start, end, _ in found) > MAX_JSON_BYTES:
        raise BodyTooLarge(f"The body is too large: at most {MAX_JSON_BYTES} bytes are accepted beside data URLs.")
    prefix, at = f"data:{secrets.token_hex(16)}:", 0
    kept: list[bytes] = []
    urls: dict[str, str] = {}
    for start, end, url in found:
        name = f"{prefix}{len(urls)}"
        urls[name] = url
        kept += [body[at:start], name.encode()]
        at = end
    return b"".join([*kept, body[at:]]), (lambda value: _put_back(value, urls)) if urls else _unchanged


def _long_literals(body: bytes) -> list[tuple[int, int]]:
    """Return where the contents of strings begin and end that fill a whole block."""
    spans: list[tuple[int, int]] = []
    block = 0
    while block + BLOCK <= len(body):
        if body.find(b'"', block, block + BLOCK) < 0:
            start = body.rfind(b'"', spans[-1][1] if spans else 0, block) + 1
            end = body.find(b'"', block + BLOCK)
            if end < 0:
                break
            if start:
                spans.append((start, end))
            block = end
        else:
            block += BLOCK
    return spans


def _data_url(body: bytes, start: int, end: int) -> str | None:
    """Return the content of a JSON string that is a data URL, whose only escapes may be those of slashes; else None."""
    if body[start : start + 5].lower() != b"data:":
        return None
    content = body[start:end]
    if b"\\" in content:
        content = content.replace(b"\\/", b"/")  # as PHP writes them
    return content.decode("ascii") if content.isascii() and b"\\" not in content else None


def _put_back(value: Any, urls: dict[str, str]) -> Any:
    if isinstance(value, str):
        return urls.get(value, value)
    if isinstance(value, list):
        return [_put_back(each, urls) for each in value]
    if isinstance(value, dict):
        return {name: _put_back(each, urls) for name, each in value.items()}
    return value


def _unchanged(value: object) -> object:
    return value
