"""Request bodies as bytes: multipart/form-data and JSON, the same bytes for the same fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from msgspec import Struct

__all__ = ["FormFile", "encode_form", "encode_json"]


class FormFile(Struct, frozen=True, kw_only=True):
    """A part that is a file."""

    field: str
    content: bytes
    media_type: str
    filename: str  # ours: a client's own file name is never sent


def encode_json(fields: Mapping[str, str]) -> tuple[str, bytes]:
    """Return the content type and the body of a JSON object."""
    encodable = {name: _text(value).decode() for name, value in fields.items()}
    return "application/json", json.dumps(encodable, ensure_ascii=False).encode()


def encode_form(fields: Mapping[str, str], files: Iterable[FormFile] = ()) -> tuple[str, bytes]:
    """Return the content type and the body of a form; each field is a part without a filename."""
    parts = [(f'form-data; name="{name}"', "", _text(value)) for name, value in fields.items()]
    parts += [
        (f'form-data; name="{file.field}"; filename="{file.filename}"', file.media_type, file.content) for file in files
    ]
    boundary = _boundary(content for *_, content in parts)
    lines: list[bytes] = []
    for disposition, media_type, content in parts:
        lines += [b"--" + boundary, f"Content-Disposition: {disposition}".encode()]
        lines += [f"Content-Type: {media_type}".encode()] if media_type else []
        lines += [b"", content]
    return f"multipart/form-data; boundary={boundary.decode()}", b"\r\n".join([*lines, b"--" + boundary + b"--", b""])


def _text(value: str) -> bytes:
    # Half of a surrogate pair has no encoding.
    return value.encode("utf-8", "backslashreplace")


def _boundary(contents: Iterable[bytes]) -> bytes:
    """Return a boundary that none of the parts contains: it is derived from all of them."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return b"filmgate-" + digest.hexdigest()[:40].encode()
