"""Reading a create as the vendor would: what it asks for, or why the vendor refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from filmgate.domain import Size
from filmgate.testing.mock.films import FPS, Film
from filmgate.testing.mock.jobs import Order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from filmgate.testing.mock.dialects import Vendor

__all__ = ["Refused", "order_of", "read_fields"]

DEFAULT_SIZE, DEFAULT_SECONDS = "720x1280", "4"
SERVER_FPS = 24
"""Frames a second that model servers take for granted, whatever the model was trained on."""

LONGEST, LARGEST = 120, 4096
"""Seconds, and pixels of a side, that are worth filming in a test."""


class Refused(Exception):
    """The vendor says no.

    Args:
        status: HTTP's.
        code: the vendor's.
        message: the vendor's.
        headers: e.g. Retry-After.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


async def read_fields(request: web.Request) -> dict[str, object]:
    """The fields of a JSON body or a form; a file is its number of bytes."""
    if request.content_type.startswith(("multipart/", "application/x-www-form-urlencoded")):
        return {name: _text(value) for name, value in (await request.post()).items()}
    try:
        value = msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        raise Refused(400, "invalid_body", "We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise Refused(400, "invalid_body", "The body must be a JSON object.")
    return value


def order_of(fields: Mapping[str, object], vendor: Vendor, served: Collection[str], *, multipart: bool) -> Order:
    """What a create asks for.

    Raises:
        Refused: the vendor would not take it.
    """
    if vendor.multipart_only and not multipart:
        raise Refused(422, "invalid_body", "Field required: the body must be multipart/form-data.")
    for name in vendor.required:
        if fields.get(name) in (None, ""):
            raise Refused(400, "missing_required_parameter", f"Missing required parameter: '{name}'.")
    prompt, model = str(fields["prompt"]), str(fields.get("model") or next(iter(served)))
    if len(prompt) > vendor.prompt_characters:
        raise Refused(400, "invalid_value", f"The prompt is longer than {vendor.prompt_characters} characters.")
    if vendor.served_only and model not in served:
        raise Refused(400, "model_not_found", f"The model '{model}' is not served here.")
    seconds, size = _seconds(fields, vendor), _size(fields, vendor, model)
    return Order(
        prompt=prompt,
        model=model,
        size=str(size),
        seconds=seconds,
        film=_film(fields, vendor, size, float(seconds)),
        fields=tuple(sorted(fields)),
    )


def _seconds(fields: Mapping[str, object], vendor: Vendor) -> str:
    value = fields.get("seconds", DEFAULT_SECONDS)
    if not vendor.numbers and not isinstance(value, str):
        raise Refused(400, "invalid_type", "Invalid type for 'seconds': expected a string.")
    seconds = str(value)
    if vendor.seconds and seconds not in vendor.seconds:
        supported = ", ".join(f"'{each}'" for each in vendor.seconds)
        raise Refused(400, "invalid_value", f"Invalid value: '{seconds}'. Supported values are: {supported}.")
    if not 0 < _number(seconds, "seconds") <= LONGEST:
        raise Refused(400, "invalid_value", f"Invalid value for 'seconds': '{seconds}'.")
    return seconds


def _size(fields: Mapping[str, object], vendor: Vendor, model: str) -> Size:
    text = str(fields.get("size") or DEFAULT_SIZE)
    allowed = (*vendor.sizes, *(vendor.pro_sizes if model.startswith("sora-2-pro") else ()))
    size = Size.parse(text)
    if vendor.sizes and text not in allowed:
        supported = ", ".join(f"'{each}'" for each in allowed)
        raise Refused(400, "invalid_value", f"Invalid value: '{text}'. Supported values are: {supported}.")
    if size is None or max(size.width, size.height) > LARGEST or size.width % 2 or size.height % 2:
        raise Refused(400, "invalid_value", f"Invalid value for 'size': '{text}'.")
    return size


def _film(fields: Mapping[str, object], vendor: Vendor, size: Size, seconds: float) -> Film:
    if not vendor.frames or not {"fps", "num_frames"} & fields.keys():
        return Film(size, round(seconds * FPS))
    fps = int(_number(fields.get("fps", SERVER_FPS), "fps"))
    frames = int(_number(fields.get("num_frames", fps * seconds), "num_frames"))
    if not 1 <= fps <= 120 or not 1 <= frames <= LONGEST * fps:
        raise Refused(400, "invalid_value", "Invalid value for 'fps' or 'num_frames'.")
    return Film(size, frames, fps)


def _number(value: object, name: str) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise Refused(400, "invalid_value", f"Invalid value for '{name}': {value!r}.") from None


def _text(value: object) -> object:
    """A part: text, or of a file its number of bytes; filename or not, only the reference is a file."""
    if isinstance(value, web.FileField):
        return len(value.file.read())
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else value
