"""Reference images: turns untrusted bytes into a clean PNG that engines can rely on.

Only the decoded pixels survive: no metadata, no second frame, no bytes after the image.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PIL import ExifTags, Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from filmgate.domain import Fit, Size
from filmgate.errors import InvalidImage, InvalidImageSize, InvalidValue, StorageFault
from filmgate.media.image_header import HAS_MAGIC, webp_size

__all__ = ["IMAGE_TYPES", "MAX_DATA_URL_CHARS", "MAX_PIXELS", "decode_data_url", "normalize_image"]

MAX_PIXELS = 16 * 1024 * 1024
"""Maximum number of pixels of a reference image, by its header."""

MAX_DATA_URL_CHARS = 20_971_520
"""Maximum length of a data URL, in characters."""

_PARAM = "input_reference"
_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "WebP": WebPImageFile,
}
IMAGE_TYPES = tuple(_OPENERS)
"""Supported image types."""

_EXIF_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Transposition for each EXIF orientation; 5 and more exchange width and height."""

_FIRST_SIDEWAYS = 5

# What Pillow raises on damaged files, found by fuzzing; it includes warnings that are turned into errors.
_DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    Warning,
    Image.DecompressionBombError,
)


MAX_JPEG_SCANS = 100
"""Maximum scans of a JPEG: real ones have up to twenty, and each costs the decoder a pass over all pixels."""

MAX_PERCENT_CHARS = 1024 * 1024
"""Maximum characters of a data URL's percent-encoded data, which is decoded in Python."""

_JPEG_SCAN = b"\xff\xda"  # never part of a scan's data, where 0xff is escaped
_BASE64_CODES = tuple((code, bytes([c])) for c in b"+/=" for code in (b"%%%02X" % c, b"%%%02x" % c))


def normalize_image(
    source: Path | bytes, *, size: Size, fit: Fit, limit: int, out: Path, types: Collection[str] = IMAGE_TYPES
) -> None:
    """Convert a reference image to an RGB PNG of exactly ``size``, upright, transparent pixels on white.

    Args:
        source: the file or its bytes; names and content types are not trusted.
        size: the video's.
        fit: for an image of another size: reject it, crop it to fill, or pad it with black.
        limit: maximum size of the source, in bytes.
        out: where the PNG is written.
        types: the accepted ones of ``IMAGE_TYPES``.

    Raises:
        InvalidImage: it is of another type, too large, animated, or damaged.
        InvalidImageSize: its size is not the video's, and ``fit`` is ``error``.
        StorageFault: the PNG can't be written.
    """
    data = _read_bytes(source, limit)
    kind = _sniff(data, types)
    if kind == "JPEG" and data.count(_JPEG_SCAN) > MAX_JPEG_SCANS:
        raise InvalidImage(f"The image has more than {MAX_JPEG_SCANS} scans.", param=_PARAM)
    if kind == "WebP":
        _check_pixels(webp_size(data))  # opening a WebP reserves memory for all of it
    with _report_damage(kind), _OPENERS[kind](io.BytesIO(data)) as image:
        _check_pixels(Size(*image.size))
        if getattr(image, "n_frames", 1) > 1:
            raise InvalidImage("The image is animated; a still image is required.", param=_PARAM)
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if fit is Fit.ERROR:
            _check_size(
                Size(
                    *(
                        image.size[::-1]
                        if orientation in _EXIF_TRANSPOSES and orientation >= _FIRST_SIDEWAYS
                        else image.size
                    )
                ),
                size,
            )
        image.load()
        result = _fit(_apply_orientation(_flatten(image), orientation), size, fit)
    try:
        result.save(out, "PNG", compress_level=1)  # two thirds of the time of level 3, 5 % more bytes
    except OSError as error:
        raise StorageFault("The reference image can't be written.") from error


def decode_data_url(text: str, limit: int) -> bytes:
    """Decode a ``data:`` URL; its media type is not trusted.

    Raises:
        InvalidValue: it is no data URL, too long, or not Base64.
        InvalidImage: it holds more than ``limit`` bytes.
    """
    if len(text) > MAX_DATA_URL_CHARS:
        raise InvalidValue(f"Invalid data URL: longer than {MAX_DATA_URL_CHARS} characters.", param=_PARAM)
    head, comma, body = text.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise InvalidValue("Invalid data URL: expected 'data:image/png;base64,…'.", param=_PARAM)
    is_base64 = head.lower().endswith(";base64")
    if not is_base64 and len(body) > MAX_PERCENT_CHARS:
        raise InvalidValue("Invalid data URL: encode an image of this size as Base64.", param=_PARAM)
    data = _base64(body) if is_base64 else unquote_to_bytes(body)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _base64(body: str) -> bytes:
    try:
        packed = b"".join(body.encode("ascii").split())
        for code, character in _BASE64_CODES if b"%" in packed else ():
            packed = packed.replace(code, character)
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidValue("Invalid data URL: its data is not Base64.", param=_PARAM) from error


def _read_bytes(source: Path | bytes, limit: int) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        with source.open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _too_large(limit: int) -> InvalidImage:
    return InvalidImage(f"The image is larger than {limit / 1024**2:g} MB.", param=_PARAM)


def _sniff(data: bytes, types: Collection[str]) -> str:
    for kind in types:
        if HAS_MAGIC[kind](data):
            return kind
    *first, last = types
    raise InvalidImage(f"The image is neither {', '.join(first)} nor {last}.", param=_PARAM)


def _check_pixels(size: Size) -> None:
    if size.width * size.height > MAX_PIXELS:
        raise InvalidImage(f"The image has {size} pixels, more than {MAX_PIXELS:,} in all.", param=_PARAM)


def _check_size(actual: Size, size: Size) -> None:
    if actual != size:
        raise InvalidImageSize(
            f"Inpaint image must match the requested width and height: the image is {actual}, the video {size}.",
            param=_PARAM,
        )


@contextmanager
def _report_damage(kind: str) -> Iterator[None]:
    try:
        yield
    except _DECODE_ERRORS as error:
        raise InvalidImage(f"The image is a damaged {kind} file.", param=_PARAM) from error


def _flatten(image: Image.Image) -> Image.Image:
    """Convert to RGB, transparent pixels on white; 16 bits of grey become 8."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        background = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(background, layer).convert("RGB")
    return image.convert("RGB")


def _apply_orientation(image: Image.Image, orientation: object) -> Image.Image:
    return (
        image.transpose(_EXIF_TRANSPOSES[orientation])
        if isinstance(orientation, int) and orientation in _EXIF_TRANSPOSES
        else image
    )


def _fit(image: Image.Image, size: Size, fit: Fit) -> Image.Image:
    box = (size.width, size.height)
    if fit is Fit.CROP:
        return ImageOps.fit(image, box, Image.Resampling.LANCZOS)
    if fit is Fit.PAD:
        return ImageOps.pad(image, box, Image.Resampling.LANCZOS, color="black")
    return image
