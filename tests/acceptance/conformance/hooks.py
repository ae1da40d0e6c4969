"""What schemathesis can't know of a request: usable pictures, and that an idempotency key is never used twice."""

from __future__ import annotations

import base64
import io
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
    """Touch what has the right form only: what was made to be refused stays so."""
    if isinstance(case.body, dict):
        case.body = _without_callback(_without_characters(_with_picture(case.body)))
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and len(key) <= LONGEST_KEY:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


def _without_callback(body: dict[str, Any]) -> dict[str, Any]:
    """A callback would leave this machine, and hosts that were made up are refused."""
    return {name: value for name, value in body.items() if name != "callback_url" or value is None}


def _without_characters(body: dict[str, Any]) -> dict[str, Any]:
    """Characters of the right form but of made-up ids are nobody's."""
    given = body.get("characters")
    if isinstance(given, list) and len(given) <= 2 and all(isinstance(one, dict) and _is_named(one) for one in given):
        return body | {"characters": []}
    return body


def _is_named(one: dict[str, Any]) -> bool:
    named = one.get("id")
    return one.keys() == {"id"} and isinstance(named, str) and 1 <= len(named) <= 512 and "\x00" not in named


def _with_picture(body: dict[str, Any]) -> dict[str, Any]:
    """Where a picture's address or file is given, make it one of a picture; a URL would leave this machine."""
    reference, url = body.get("input_reference"), body.get("input_reference[image_url]")
    if isinstance(reference, dict) and str(reference.get("image_url")).startswith(PREFIXES):
        changed: dict[str, Any] = {"input_reference": reference | {"image_url": DATA_URL}}
    elif isinstance(reference, bytes | Binary):
        changed = {"input_reference": PNG}
    elif str(url).startswith(PREFIXES):
        changed = {"input_reference[image_url]": DATA_URL}
    else:
        return body
    return body | changed | ({"fit": "crop"} if body.get("fit") in (None, "error") else {})
