"""File names of videos: ``-o '{created:%Y%m%d}-{slug}-{id}.{ext}'``. Pure; no value leads out of its folder."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from string import Formatter

from msgspec import Struct

from filmgate.cli.terminal_text import display_width
from filmgate.errors import SettingsError

__all__ = [
    "DEFAULT_TEMPLATE",
    "FIELDS",
    "FilenameFields",
    "check_template",
    "is_template",
    "join_inside",
    "render_name",
    "sanitize_name",
    "slugify",
    "unused_path",
]

DEFAULT_TEMPLATE = "{id}.{ext}"
"""The default template."""

SLUG_CELLS = 48
"""Maximum width of a slug in terminal cells: about eight English words, or 24 Chinese characters."""

NAME_BYTES = 180
"""Maximum bytes of a file name: file systems allow 255, and a partial download appends a hash."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Device names on Windows, with any extension."""


class FilenameFields(Struct, frozen=True, kw_only=True):
    """The fields of a template."""

    id: str
    created: datetime  # in the time zone of the name
    ext: str = "mp4"
    slug: str = ""  # see :func:`slugify`
    model: str = ""
    size: str = ""
    seconds: str = ""
    n: int = 1  # number of the row of a batch or the shot of a story


FIELDS = FilenameFields.__struct_fields__
"""The field names that a template may use."""


def is_template(text: str) -> bool:
    """Whether the text has fields to fill in."""
    return "{" in text


def check_template(template: str) -> None:
    """Check a template before a video is paid for.

    Raises:
        SettingsError: an unknown field, an unbalanced brace, or a format that does not fit its field.
    """
    render_name(template, FilenameFields(id="video_0", created=datetime(2026, 1, 1).astimezone(), slug="film"))


def render_name(template: str, fields: FilenameFields) -> Path:
    """Fill in a template. Its folders come from the template alone, never from the values.

    Raises:
        SettingsError: as :func:`check_template`.
    """
    try:
        path = Path("".join(_render_field(fields, *piece) for piece in Formatter().parse(template)))
    except ValueError as error:
        raise SettingsError(f"'{template}' can't name a file: {error}.") from None
    if not path.name:
        raise SettingsError(f"'{template}' does not name a file.")
    return path.with_name(_shorten(path.name))


def slugify(prompt: str, width: int = SLUG_CELLS) -> str:
    """Return the first words of the prompt as a part of a file name, in any script; ``film`` if there are none."""
    words = (
        "".join(char if _is_word_character(char) else " " for char in unicodedata.normalize("NFKC", prompt))
        .lower()
        .split()
    )
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if display_width(longer) > width:
            return slug or _cut_to_width(word, width)
        slug = longer
    return slug or "film"


def sanitize_name(text: str) -> str:
    """Make a value safe for a file name: no separator, no control character, no leading dot."""
    safe = "".join(
        char if _is_word_character(char) or char in "-_." else "_" for char in unicodedata.normalize("NFC", text)
    )
    return safe.lstrip(".") or "_"


def join_inside(folder: Path, name: Path) -> Path:
    """Return the path of the name inside the folder.

    Raises:
        SettingsError: the name leads out of the folder.
    """
    if name.is_absolute() or ".." in name.parts:
        raise SettingsError(f"'{name}' leads out of the folder {folder}.")
    return folder / name


def unused_path(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """Return the path, or the first of ``name-2``, ``name-3`` … that is not taken."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([path], numbered) if not is_taken(candidate))


def _render_field(
    fields: FilenameFields, literal: str, field: str | None, form: str | None, conversion: str | None
) -> str:
    if field is None:
        return literal
    if field not in FIELDS:
        raise ValueError(f"there is no field {{{field}}}; known fields: {', '.join(FIELDS)}")
    if conversion:
        raise ValueError(f"!{conversion} is not supported")
    value = getattr(fields, field)
    if isinstance(value, datetime):
        return literal + format(value, form or "%Y%m%d-%H%M%S")  # slashes in the format come from the template
    return literal + sanitize_name(format(value, form or ""))


def _shorten(name: str) -> str:
    """Shorten the name in the middle: the id and the extension at its end stay."""
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    stem, suffix = Path(name).stem, Path(name).suffix
    while len(f"{stem}{suffix}".encode()) > NAME_BYTES and stem:
        middle = len(stem) // 3
        stem = stem[:middle] + stem[middle + 1 :]
    return f"{stem}{suffix}"


def _is_word_character(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def _cut_to_width(word: str, width: int) -> str:
    widths = itertools.accumulate(map(display_width, word))
    return "".join(char for char, so_far in zip(word, widths, strict=True) if so_far <= width)
