"""Image ingest: untrusted bytes become a clean PNG or a clear error."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from filmgate.domain import Fit, Size
from filmgate.errors import InvalidImage, InvalidImageSize, InvalidValue, RequestError, StorageFault
from filmgate.media.images import decode_data_url, normalize_image

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(64, 48)
LIMIT = 10 * 1024 * 1024


def _make_image(size: Size = SIZE, mode: str = "RGB") -> Image.Image:
    """An image that is red on the left, blue on the right, and lighter towards the bottom."""
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    light = 60 + 120 * y // size.height
    red = np.where(x < size.width // 2, light, 20)
    blue = np.where(x < size.width // 2, 20, light)
    return Image.fromarray(np.stack([red, np.full_like(red, 20), blue], 2).astype(np.uint8)).convert(mode)


def _encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _normalised(source: Path | bytes, tmp_path: Path, *, size: Size = SIZE, fit: Fit = Fit.ERROR) -> Image.Image:
    out = tmp_path / "out.png"
    normalize_image(source, size=size, fit=fit, limit=LIMIT, out=out)
    with Image.open(out) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (size.width, size.height))
        return image.copy()


def _make_png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG with that header; a decompression bomb if ``data`` holds endless zeros."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_every_image_type_is_accepted(tmp_path: Path, kind: str, options: dict[str, object]) -> None:
    """PNG, JPEG and WebP give the same image, from bytes or from a file."""
    data = _encoded(_make_image(), kind, **options)
    (tmp_path / "upload").write_bytes(data)
    for source in (data, tmp_path / "upload"):
        difference = np.asarray(_normalised(source, tmp_path), int) - np.asarray(_make_image(), int)
        assert abs(difference).mean() < 6


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    """Greyscale, palette, 16-bit and CMYK images keep their appearance."""
    image = _make_image(mode="L" if mode == "I;16" else mode)
    expected = image.convert("RGB")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image, np.uint16) * np.uint16(257))
    taken = _normalised(_encoded(image, "JPEG" if mode == "CMYK" else "PNG"), tmp_path)
    assert abs(np.asarray(taken, int) - np.asarray(expected, int)).mean() < 6


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    """A colour under full transparency does not become visible."""
    image = Image.new("RGBA", (SIZE.width, SIZE.height), (255, 0, 0, 0))
    assert _normalised(_encoded(image), tmp_path).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, kind: str) -> None:
    """The image is turned first; its size is compared with the video's afterwards."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the orientation tag reverts
    turned = _make_image() if orientation == 1 else _make_image().transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(turned, kind, exif=exif, **({} if kind == "PNG" else {"quality": 95}))
    difference = np.asarray(_normalised(data, tmp_path), int) - np.asarray(_make_image(), int)
    assert abs(difference).mean() < 6


def test_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    """The error has OpenAI's sentence and both sizes."""
    with pytest.raises(InvalidImageSize, match=r"^Inpaint image must match .* 64x48.* 1280x720") as caught:
        _normalised(_encoded(_make_image()), tmp_path, size=Size(1280, 720))
    assert caught.value.param == "input_reference"
    assert not (tmp_path / "out.png").exists()


def test_crop_fills_and_pad_shows_the_whole_image(tmp_path: Path) -> None:
    """For a wide image in a tall video, crop keeps its middle and pad adds black bars."""
    data = _encoded(_make_image(Size(400, 100)))
    cropped = _normalised(data, tmp_path, size=Size(60, 100), fit=Fit.CROP)
    assert np.asarray(cropped, int).sum(2).min() > 60
    padded = np.asarray(_normalised(data, tmp_path, size=Size(60, 100), fit=Fit.PAD), int)
    assert padded[:40].sum() == padded[-40:].sum() == 0
    assert padded[45:55].sum(2).min() > 60


def test_only_the_pixels_are_kept(tmp_path: Path) -> None:
    """The PNG has no metadata and none of the bytes after the image."""
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = _encoded(_make_image(), "JPEG", exif=exif, comment=b"secret comment") + b"<script>secret</script>PK\x03\x04"
    _normalised(data, tmp_path)
    assert b"secret" not in (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither"),
        (b"GIF89a" + bytes(50), "neither"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither"),
        (b"%PDF-1.7", "neither"),
        (b"\x89PNG\r\n\x1a\n", "damaged PNG"),
        (b"\xff\xd8\xff", "damaged JPEG"),
        (b"RIFF\x04\0\0\0WEBP", "damaged WebP"),
        (b"RIFF" + bytes(40), "neither"),
        (bytes(LIMIT + 1), "larger than 10 MB"),
        (_make_png(100_000, 100_000), "100000x100000 pixels"),
        (_make_png(5000, 4000, zlib.compress(bytes(5000 * 3 + 1) * 4000)), "5000x4000 pixels"),
        (_make_png(0, 10), "damaged"),
        (b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\xff\xff" * 2, "16777216x16777216 pixels"),
        (b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\xff" + bytes(9), "16384x16384 pixels"),
    ],
)
def test_an_unusable_image_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """Other formats, decompression bombs and truncated files have their own error texts, before anything is decoded."""
    with pytest.raises(InvalidImage, match=words) as caught:
        _normalised(data, tmp_path)
    assert caught.value.param == "input_reference"
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(tmp_path: Path, kind: str) -> None:
    """Using only its first frame would silently change the input."""
    frames = [_make_image(), _make_image().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    data = _encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(InvalidImage, match="animated"):
        _normalised(data, tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_image_is_refused(tmp_path: Path, kind: str) -> None:
    """A truncated image is not padded with grey."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    data = _encoded(noise, kind)
    for percent in range(0, 95, 5):
        with pytest.raises(InvalidImage):
            _normalised(data[: len(data) * percent // 100], tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_files_raise_only_documented_errors(tmp_path: Path, kind: str) -> None:
    """With bytes changed anywhere, the result is an image of the right size or an error with the reason."""
    random_ = random.Random(11)  # noqa: S311 - reproducible, not secret
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 6, "words", 72.0
    data = _encoded(_make_image(), kind, exif=exif)
    for _ in range(250):
        damaged = bytearray(data)
        for _ in range(random_.randint(1, 8)):
            damaged[random_.randrange(len(damaged))] = random_.randrange(256)
        try:
            _normalised(bytes(damaged), tmp_path, fit=random_.choice(list(Fit)))
        except RequestError:
            continue


def test_a_disk_error_is_a_storage_fault(tmp_path: Path) -> None:
    """The error does not blame the caller's image."""
    with pytest.raises(StorageFault):
        normalize_image(
            _encoded(_make_image()), size=SIZE, fit=Fit.ERROR, limit=LIMIT, out=tmp_path / "missing" / "out.png"
        )


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,aGVsbG8=",
        "data:image/png;base64,aGVsbG8",
        "DATA:;BASE64,aGVs\r\nbG8=",
        "data:image/png;charset=x;base64,aGVsbG8%3D",
        "data:image/png;base64,aGVsbG8%3d",
        "data:,hello",
        "data:text/plain,hel%6Co",
    ],
)
def test_data_urls_are_decoded(text: str) -> None:
    """All notations that clients use are accepted."""
    assert decode_data_url(text, 5) == b"hello"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data:image/png;base64,aGVsbG8*", "not Base64"),
        ("data:image/png;base64,a", "not Base64"),
        ("data:image/png;base64,ä", "not Base64"),
        ("data:image/png;base64", "expected"),
        ("http://host/,", "expected"),
        ("data:," + "x" * 20_971_520, "longer than"),
        ("data:image/png," + "%41" * 400_000, "encode an image of this size as Base64"),
        ("data:image/png;base64," + "%41" * 400_000, "not Base64"),
    ],
)
def test_an_invalid_data_url_is_refused(text: str, words: str) -> None:
    """The error gives the reason."""
    with pytest.raises(InvalidValue, match=words):
        decode_data_url(text, LIMIT)


def test_a_jpeg_of_many_scans_is_not_decoded(tmp_path: Path) -> None:
    """Each scan costs the decoder a pass over all pixels; a progressive image of a camera has a dozen."""
    image = _encoded(_make_image(), "JPEG", progressive=True)
    normalize_image(image, size=SIZE, fit=Fit.ERROR, limit=LIMIT, out=tmp_path / "out.png")
    begin = image.rindex(b"\xff\xda")
    many = image[:begin] + image[begin:-2] * 101 + image[-2:]
    with pytest.raises(InvalidImage, match="more than 100 scans"):
        normalize_image(many, size=SIZE, fit=Fit.ERROR, limit=LIMIT, out=tmp_path / "out.png")


def test_a_data_url_has_the_size_limit_of_a_file() -> None:
    """The limit equals that of an upload."""
    with pytest.raises(InvalidImage, match="larger"):
        decode_data_url("data:;base64," + base64.b64encode(bytes(11)).decode(), 10)


@given(text=st.text(max_size=40))
def test_arbitrary_text_raises_only_documented_errors(text: str) -> None:
    """The result is bytes or a documented error."""
    for prefix in ("", "data:", "data:;base64,"):
        try:
            decode_data_url(prefix + text, 100)
        except RequestError:
            continue
