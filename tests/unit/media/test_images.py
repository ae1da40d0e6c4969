"""Image intake: what a stranger sends becomes a PNG of ours, or a clear refusal."""

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


def _picture(size: Size = SIZE, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, lighter towards the bottom."""
    y, x = np.mgrid[0 : size.height, 0 : size.width]
    light = 60 + 120 * y // size.height
    red = np.where(x < size.width // 2, light, 20)
    blue = np.where(x < size.width // 2, 20, light)
    return Image.fromarray(np.stack([red, np.full_like(red, 20), blue], 2).astype(np.uint8)).convert(mode)


def _encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _taken(source: Path | bytes, tmp_path: Path, *, size: Size = SIZE, fit: Fit = Fit.ERROR) -> Image.Image:
    out = tmp_path / "out.png"
    normalize_image(source, size=size, fit=fit, limit=LIMIT, out=out)
    with Image.open(out) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (size.width, size.height))
        return image.copy()


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG with that header; a bomb if ``data`` holds zeros without end."""

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
def test_pictures_of_every_kind_are_taken(tmp_path: Path, kind: str, options: dict[str, object]) -> None:
    """PNG, JPEG and WebP look the same afterwards, from bytes or from a file."""
    data = _encoded(_picture(), kind, **options)
    (tmp_path / "upload").write_bytes(data)
    for source in (data, tmp_path / "upload"):
        difference = np.asarray(_taken(source, tmp_path), int) - np.asarray(_picture(), int)
        assert abs(difference).mean() < 6


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    """Grey, palettes, 16 bits and print colours keep their look."""
    picture = _picture(mode="L" if mode == "I;16" else mode)
    shown = picture.convert("RGB")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture, np.uint16) * np.uint16(257))
    taken = _taken(_encoded(picture, "JPEG" if mode == "CMYK" else "PNG"), tmp_path)
    assert abs(np.asarray(taken, int) - np.asarray(shown, int)).mean() < 6


def test_the_transparent_lies_on_white(tmp_path: Path) -> None:
    """No colour that hides under full transparency shows up."""
    picture = Image.new("RGBA", (SIZE.width, SIZE.height), (255, 0, 0, 0))
    assert _taken(_encoded(picture), tmp_path).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_stand_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    """What a camera marked as turned is turned, and its size is held against the video's afterwards."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the mark undoes
    turned = _picture() if orientation == 1 else _picture().transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(turned, kind, exif=exif, **({} if kind == "PNG" else {"quality": 95}))
    difference = np.asarray(_taken(data, tmp_path), int) - np.asarray(_picture(), int)
    assert abs(difference).mean() < 6


def test_another_size_is_refused_with_both(tmp_path: Path) -> None:
    """The wire's sentence, and the two sizes."""
    with pytest.raises(InvalidImageSize, match=r"^Inpaint image must match .* 64x48.* 1280x720") as caught:
        _taken(_encoded(_picture()), tmp_path, size=Size(1280, 720))
    assert caught.value.param == "input_reference"
    assert not (tmp_path / "out.png").exists()


def test_cropping_fills_and_padding_shows_all(tmp_path: Path) -> None:
    """A wide picture in a tall video: its middle, or itself between black bars."""
    data = _encoded(_picture(Size(400, 100)))
    cropped = _taken(data, tmp_path, size=Size(60, 100), fit=Fit.CROP)
    assert np.asarray(cropped, int).sum(2).min() > 60
    padded = np.asarray(_taken(data, tmp_path, size=Size(60, 100), fit=Fit.PAD), int)
    assert padded[:40].sum() == padded[-40:].sum() == 0
    assert padded[45:55].sum(2).min() > 60


def test_only_the_picture_survives(tmp_path: Path) -> None:
    """No metadata and no bytes that were hidden behind the picture."""
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = _encoded(_picture(), "JPEG", exif=exif, comment=b"secret comment") + b"<script>secret</script>PK\x03\x04"
    _taken(data, tmp_path)
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
        (_png(100_000, 100_000), "100000x100000 pixels"),
        (_png(5000, 4000, zlib.compress(bytes(5000 * 3 + 1) * 4000)), "5000x4000 pixels"),
        (_png(0, 10), "damaged"),
        (b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\xff\xff" * 2, "16777216x16777216 pixels"),
        (b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\xff" + bytes(9), "16384x16384 pixels"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """Other formats, bombs and stumps have their sentence, before anything is decoded."""
    with pytest.raises(InvalidImage, match=words) as caught:
        _taken(data, tmp_path)
    assert caught.value.param == "input_reference"
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(tmp_path: Path, kind: str) -> None:
    """Taking its first frame in silence would be something else than what was sent."""
    frames = [_picture(), _picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    data = _encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(InvalidImage, match="animated"):
        _taken(data, tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_refused(tmp_path: Path, kind: str) -> None:
    """Half a picture is not completed with grey."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8))
    data = _encoded(noise, kind)
    for percent in range(0, 95, 5):
        with pytest.raises(InvalidImage):
            _taken(data[: len(data) * percent // 100], tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_no_damage_surprises_the_intake(tmp_path: Path, kind: str) -> None:
    """Bytes changed anywhere: a picture of the right size, or an error that says what is wrong."""
    random_ = random.Random(11)  # noqa: S311 - to repeat, not to hide
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x011A] = 6, "words", 72.0
    data = _encoded(_picture(), kind, exif=exif)
    for _ in range(250):
        damaged = bytearray(data)
        for _ in range(random_.randint(1, 8)):
            damaged[random_.randrange(len(damaged))] = random_.randrange(256)
        try:
            _taken(bytes(damaged), tmp_path, fit=random_.choice(list(Fit)))
        except RequestError:
            continue


def test_a_disk_that_refuses_is_our_fault(tmp_path: Path) -> None:
    """The caller's picture is not blamed for it."""
    with pytest.raises(StorageFault):
        normalize_image(
            _encoded(_picture()), size=SIZE, fit=Fit.ERROR, limit=LIMIT, out=tmp_path / "missing" / "out.png"
        )


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,aGVsbG8=",
        "data:image/png;base64,aGVsbG8",
        "DATA:;BASE64,aGVs\r\nbG8=",
        "data:image/png;charset=x;base64,aGVsbG8%3D",
        "data:,hello",
        "data:text/plain,hel%6Co",
    ],
)
def test_data_urls_are_decoded(text: str) -> None:
    """In every spelling that clients use."""
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
    ],
)
def test_what_is_no_data_url_is_refused(text: str, words: str) -> None:
    """The caller is told what is wrong with it."""
    with pytest.raises(InvalidValue, match=words):
        decode_data_url(text, LIMIT)


def test_a_data_url_may_not_hold_more_than_a_file() -> None:
    """The same limit as for an upload."""
    with pytest.raises(InvalidImage, match="larger"):
        decode_data_url("data:;base64," + base64.b64encode(bytes(11)).decode(), 10)


@given(text=st.text(max_size=40))
def test_no_text_surprises_the_decoder(text: str) -> None:
    """Bytes or a refusal: nothing else comes out."""
    for prefix in ("", "data:", "data:;base64,"):
        try:
            decode_data_url(prefix + text, 100)
        except RequestError:
            continue
