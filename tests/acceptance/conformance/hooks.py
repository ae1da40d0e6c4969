"""Schemathesis hooks: usable images, local URLs, and a new Idempotency-Key for every request."""

from __future__ import annotations

import base64
import io
import re
import uuid
from typing import Any

import schemathesis
from PIL import Image
from schemathesis.transport.serialization import Binary


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "png")
    return out.getvalue()


PNG = _png()
DATA_URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
LONGEST_KEY = 255
PREFIXES = ("http://", "https://", "data:image/")


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Change valid values only: invalid ones must still be rejected."""
    if isinstance(case.body, dict):
        case.body = _without_callback(_without_characters(_with_image(case.body)))
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and len(key) <= LONGEST_KEY:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


def _without_callback(body: dict[str, Any]) -> dict[str, Any]:
    """Remove the callback: it would leave this machine, and made-up hosts are rejected."""
    return {name: value for name, value in body.items() if name != "callback_url" or value is None}


def _without_characters(body: dict[str, Any]) -> dict[str, Any]:
    """Remove valid but unknown character ids: they would be rejected."""
    characters = body.get("characters")
    if (
        isinstance(characters, list)
        and len(characters) <= 2
        and all(isinstance(character, dict) and _is_named(character) for character in characters)
    ):
        return body | {"characters": []}
    return body


def _is_named(character: dict[str, Any]) -> bool:
    character_id = character.get("id")
    return (
        character.keys() == {"id"}
        and isinstance(character_id, str)
        and 1 <= len(character_id) <= 512
        and "\x00" not in character_id
    )


def _without_file_ids(body: dict[str, Any]) -> dict[str, Any]:
    """Replace a valid but unknown file id by an image's URL: it would be rejected."""
    reference = body.get("input_reference")
    if isinstance(reference, dict) and reference.keys() == {"file_id"} and _is_file_id(reference["file_id"]):
        return body | {"input_reference": {"image_url": DATA_URL}}
    if _is_file_id(body.get("input_reference[file_id]")):
        others = {name: value for name, value in body.items() if name != "input_reference[file_id]"}
        return others | {"input_reference[image_url]": DATA_URL}
    return body


def _is_file_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("file-[0-9a-f]{32}", value) is not None


def _with_image(body: dict[str, Any]) -> dict[str, Any]:
    """Replace an image's URL or file by a real image; other URLs would leave this machine."""
    body = _without_file_ids(body)
    reference, url = body.get("input_reference"), body.get("input_reference[image_url]")
    if isinstance(reference, dict) and str(reference.get("image_url")).startswith(PREFIXES):
        replacement: dict[str, Any] = {"input_reference": reference | {"image_url": DATA_URL}}
    elif isinstance(reference, bytes | Binary):
        replacement = {"input_reference": PNG}
    elif str(url).startswith(PREFIXES):
        replacement = {"input_reference[image_url]": DATA_URL}
    else:
        return body
    return body | replacement | ({"fit": "crop"} if body.get("fit") in (None, "", "error") else {})
