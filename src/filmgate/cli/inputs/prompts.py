"""Reads prompts: from the command line, standard input, or a file with front matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from filmgate.errors import SettingsError

__all__ = ["HEADER_KEYS", "VideoSpec", "parse_prompt", "read_prompt"]


class VideoSpec(Struct, frozen=True, kw_only=True):
    """Parameters of a video. None: not set."""

    prompt: str
    model: str | None = None
    seconds: str | None = None
    size: str | None = None
    input_reference: str | None = None  # a path or URL
    fit: Literal["error", "crop", "pad"] | None = None
    seed: int | None = None
    output: str | None = None  # file, folder or name template to save to

    def with_defaults(self, defaults: Mapping[str, object]) -> VideoSpec:
        """Return a copy with the unset parameters taken from ``defaults``."""
        missing = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return msgspec.structs.replace(self, **missing)

    def fields(self) -> dict[str, object]:
        """Return the parameters to send, by the API's names."""
        return {
            name: value for name in HEADER_KEYS if name != "output" and (value := getattr(self, name)) is not None
        } | {"prompt": self.prompt}


HEADER_KEYS = tuple(name for name in VideoSpec.__struct_fields__ if name != "prompt")
"""Keys allowed in front matter."""

_SPELLINGS = {"image": "input_reference", "duration": "seconds", "resolution": "size", "out": "output"}
_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)(?:^|\n)---[ \t]*(?:\r?\n|$)", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z_][\w-]*)\s*:\s*(.*)")


def read_prompt(argument: str, stdin: Callable[[], str]) -> VideoSpec:
    """Read the prompt of an argument: the text itself, ``@prompt.md``, or ``-`` for standard input.

    Raises:
        SettingsError: the front matter is invalid.
        OSError: the file can't be read.
    """
    if argument == "-":
        return parse_prompt(stdin(), Path())
    path = Path(argument[1:])
    if argument.startswith("@") and (_is_file(path) or not re.search(r"\s", argument)):  # "@alice dances" is a prompt
        return parse_prompt(path.read_text(encoding="utf-8-sig"), path.parent, str(path))
    return VideoSpec(prompt=argument)


def parse_prompt(text: str, folder: Path, source: str = "-") -> VideoSpec:
    """Parse a text with optional front matter between two lines of ``---``; image paths are relative to ``folder``.

    Raises:
        SettingsError: a line of the front matter is invalid.
    """
    front_matter = _FRONT_MATTER.match(text)
    if front_matter is None:
        return VideoSpec(prompt=text.strip())
    values = dict(pair for line in front_matter[1].splitlines() if (pair := _parse_header_line(line, source)))
    image = values.get("input_reference")
    if image and "://" not in image and not image.startswith("data:"):
        values["input_reference"] = str(folder / image)
    try:
        return msgspec.convert({**values, "prompt": text[front_matter.end() :].strip()}, VideoSpec, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{source}: {error}") from error


def _parse_header_line(line: str, source: str) -> tuple[str, str] | None:
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    match = _LINE.fullmatch(line.strip())
    key = _SPELLINGS.get(match[1], match[1]).replace("-", "_") if match else ""
    if match is None or key not in HEADER_KEYS:
        raise SettingsError(f"{source}: '{line.strip()}' is invalid; write `KEY: value`, KEY {_known_keys()}.")
    return key, _parse_scalar(match[2])


def _parse_scalar(text: str) -> str:
    """Parse a YAML scalar: quoted, or up to a comment."""
    quoted = re.fullmatch(r"""(["'])(.*)\1\s*(?:#.*)?""", text)
    return quoted[2] if quoted else re.sub(r"(?<!\s)\s++#.*", "", text).strip()


def _known_keys() -> str:
    return f"one of {', '.join(HEADER_KEYS)}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a path, or contains NUL: a prompt
        return False
