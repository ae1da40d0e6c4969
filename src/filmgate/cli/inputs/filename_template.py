"""What a saved film is called: ``-o '{created:%Y%m%d}-{slug}-{id}.{ext}'``. Pure; no value leaves its folder."""

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
"""The name of a film that nobody named."""

SLUG_CELLS = 48
"""Width of a slug on a terminal: some eight English words, or 24 Chinese characters."""

NAME_BYTES = 180
"""Bytes of a file's name: file systems take 255, and a download's part adds a hash to it."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
"""Names that are devices on Windows, whatever follows the dot."""


class FilenameFields(Struct, frozen=True, kw_only=True):
    """What a name may be made of; every field is one of a template."""

    id: str
    created: datetime  # in the zone that the name shall be in
    ext: str = "mp4"
    slug: str = ""  # see :func:`slug`
    model: str = ""
    size: str = ""
    seconds: str = ""
    n: int = 1  # its number where there are several: a row of a batch, a shot of a story


FIELDS = FilenameFields.__struct_fields__
"""The names that a template may hold."""


def is_template(text: str) -> bool:
    """Whether the name is made anew for each film."""
    return "{" in text


def check_template(template: str) -> None:
    """Find a template's mistakes before a film was paid for.

    Raises:
        SettingsError: an unknown field, an open brace, a format that its field can't be written in.
    """
    render_name(template, FilenameFields(id="video_0", created=datetime(2026, 1, 1).astimezone(), slug="film"))


def render_name(template: str, fields: FilenameFields) -> Path:
    """The path that a template gives a film; it lies where the template's own words say, whatever the film's say.

    Raises:
        SettingsError: as :func:`check`.
    """
    try:
        path = Path("".join(_render_field(fields, *piece) for piece in Formatter().parse(template)))
    except ValueError as error:
        raise SettingsError(f"'{template}' can't name a file: {error}.") from None
    if not path.name:
        raise SettingsError(f"'{template}' names no file.")
    return path.with_name(_shorten(path.name))


def slugify(prompt: str, width: int = SLUG_CELLS) -> str:
    """The prompt's first words as a file name can hold them, in any script; ``film`` where it has none."""
    words = (
        "".join(char if _is_word_character(char) else " " for char in unicodedata.normalize("NFKC", prompt))
        .lower()
        .split()
    )
    kept = ""
    for word in words:
        longer = f"{kept}-{word}" if kept else word
        if display_width(longer) > width:
            return kept or _cut_to_width(word, width)
        kept = longer
    return kept or "film"


def sanitize_name(text: str) -> str:
    """A value that may stand in a file's name: no separator, no control character, no dot in front."""
    kept = "".join(
        char if _is_word_character(char) or char in "-_." else "_" for char in unicodedata.normalize("NFC", text)
    )
    return kept.lstrip(".") or "_"


def join_inside(folder: Path, name: Path) -> Path:
    """The name inside the folder.

    Raises:
        SettingsError: it leads out of it.
    """
    if name.is_absolute() or ".." in name.parts:
        raise SettingsError(f"'{name}' leads out of the folder {folder}.")
    return folder / name


def unused_path(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """The path, or ``name-2``, ``name-3`` … where it is taken."""
    others = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain([path], others) if not is_taken(candidate))


def _render_field(
    fields: FilenameFields, literal: str, field: str | None, form: str | None, conversion: str | None
) -> str:
    if field is None:
        return literal
    if field not in FIELDS:
        raise ValueError(f"there is no {{{field}}}; there are {', '.join(FIELDS)}")
    if conversion:
        raise ValueError(f"!{conversion} means nothing here")
    value = getattr(fields, field)
    if isinstance(value, datetime):
        return literal + format(value, form or "%Y%m%d-%H%M%S")  # its slashes are the template's own
    return literal + sanitize_name(format(value, form or ""))


def _shorten(name: str) -> str:
    """The name, cut in its middle so that its end stays: the id and the extension stand there."""
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
