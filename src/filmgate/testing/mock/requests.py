"""Parses a create as the vendor would: the job's parameters, or the reason for rejecting it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from filmgate.domain import PARAMETER_RANGES, Size
from filmgate.testing.mock.fixtures import DEFAULT_FPS, ClipSpec
from filmgate.testing.mock.jobs import JobSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from filmgate.testing.mock.dialects import MockVendor

__all__ = ["RequestRejected", "parse_create", "read_fields"]

DEFAULT_SIZE, DEFAULT_SECONDS = "720x1280", "4"
SERVER_FPS = 24
"""The frame rate that model servers assume, whatever the model was trained on."""

MAX_SECONDS, MAX_SIDE = 120, 4096
"""The largest seconds and pixels of a side that are encoded in a test."""


class RequestRejected(Exception):
    """The vendor rejects the request.

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
    """The fields of a JSON body or a form; a file becomes its number of bytes."""
    if request.content_type.startswith(("multipart/", "application/x-www-form-urlencoded")):
        return {name: _form_value(value) for name, value in (await request.post()).items()}
    try:
        value = msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        raise RequestRejected(400, "invalid_body", "We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise RequestRejected(400, "invalid_body", "The body must be a JSON object.")
    return value


def parse_create(
    fields: Mapping[str, object], vendor: MockVendor, served_models: Collection[str], *, multipart: bool
) -> JobSpec:
    """The parameters of a create.

    Raises:
        RequestRejected: the vendor would not accept it.
    """
    if vendor.multipart_only and not multipart:
        raise RequestRejected(422, "invalid_body", "Field required: the body must be multipart/form-data.")
    for name in vendor.required_fields:
        if fields.get(name) in (None, ""):
            raise RequestRejected(400, "missing_required_parameter", f"Missing required parameter: '{name}'.")
    prompt, model = str(fields["prompt"]), str(fields.get("model") or next(iter(served_models)))
    if len(prompt) > vendor.max_prompt_chars:
        raise RequestRejected(400, "invalid_value", f"The prompt is longer than {vendor.max_prompt_chars} characters.")
    if vendor.rejects_unknown_models and model not in served_models:
        raise RequestRejected(400, "model_not_found", f"The model '{model}' is not served here.")
    seconds, size = _parse_seconds(fields, vendor), _parse_size(fields, vendor, model)
    return JobSpec(
        prompt=prompt,
        model=model,
        size=str(size),
        seconds=seconds,
        clip=_clip_spec(fields, vendor, size, float(seconds)),
        field_names=tuple(sorted(fields)),
        parameters={name: str(fields[name]) for name in PARAMETER_RANGES if name in fields},
    )


def _parse_seconds(fields: Mapping[str, object], vendor: MockVendor) -> str:
    value = fields.get("seconds", DEFAULT_SECONDS)
    if not vendor.accepts_numeric_seconds and not isinstance(value, str):
        raise RequestRejected(400, "invalid_type", "Invalid type for 'seconds': expected a string.")
    seconds = str(value)
    if vendor.seconds and seconds not in vendor.seconds:
        supported = ", ".join(f"'{each}'" for each in vendor.seconds)
        raise RequestRejected(400, "invalid_value", f"Invalid value: '{seconds}'. Supported values are: {supported}.")
    if not 0 < _parse_number(seconds, "seconds") <= MAX_SECONDS:
        raise RequestRejected(400, "invalid_value", f"Invalid value for 'seconds': '{seconds}'.")
    return seconds


def _parse_size(fields: Mapping[str, object], vendor: MockVendor, model: str) -> Size:
    text = str(fields.get("size") or DEFAULT_SIZE)
    allowed = (*vendor.sizes, *(vendor.pro_sizes if model.startswith("sora-2-pro") else ()))
    size = Size.parse(text)
    if vendor.sizes and text not in allowed:
        supported = ", ".join(f"'{each}'" for each in allowed)
        raise RequestRejected(400, "invalid_value", f"Invalid value: '{text}'. Supported values are: {supported}.")
    if size is None or max(size.width, size.height) > MAX_SIDE or size.width % 2 or size.height % 2:
        raise RequestRejected(400, "invalid_value", f"Invalid value for 'size': '{text}'.")
    return size


def _clip_spec(fields: Mapping[str, object], vendor: MockVendor, size: Size, seconds: float) -> ClipSpec:
    if not vendor.accepts_frame_count or not {"fps", "num_frames"} & fields.keys():
        return ClipSpec(size, round(seconds * DEFAULT_FPS))
    fps = int(_parse_number(fields.get("fps", SERVER_FPS), "fps"))
    frames = int(_parse_number(fields.get("num_frames", fps * seconds), "num_frames"))
    if not 1 <= fps <= 120 or not 1 <= frames <= MAX_SECONDS * fps:
        raise RequestRejected(400, "invalid_value", "Invalid value for 'fps' or 'num_frames'.")
    return ClipSpec(size, frames, fps)


def _parse_number(value: object, name: str) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise RequestRejected(400, "invalid_value", f"Invalid value for '{name}': {value!r}.") from None


def _form_value(value: object) -> object:
    """A form part: text, or a file's number of bytes; with a filename or not, only the reference is a file."""
    if isinstance(value, web.FileField):
        return len(value.file.read())
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else value
