"""What a row of a batch asks for, and the name under which a journal knows it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from filmgate.client.requests import ImageInput

__all__ = ["BatchRow", "Problem", "VideoParams", "assign_keys", "params_digest"]


class VideoParams(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The parameters of one film, as the SDK takes them. None: the server decides."""

    prompt: str
    model: str | None = None
    seconds: str | None = None
    size: str | None = None
    input_reference: str | None = None  # a path that is absolute, or an address
    seed: int | None = None
    fit: str | None = None
    metadata: dict[str, str] = {}
    characters: tuple[str, ...] = ()

    @property
    def image_path(self) -> Path | None:
        """The reference, where it is a file of this machine."""
        given = self.input_reference
        return None if given is None or given.startswith(("http://", "https://", "data:")) else Path(given)

    def create_arguments(self) -> dict[str, Any]:
        """What ``videos.create`` is called with."""
        reference: ImageInput | None = self.image_path or self.input_reference
        given = {name: getattr(self, name) for name in self.__struct_fields__}
        return given | {"input_reference": reference, "metadata": self.metadata or None}


class BatchRow(Struct, frozen=True, kw_only=True):
    """One film of a file."""

    number: int  # where it stands: the row of a table as a spreadsheet counts it, else the line or the place in a list
    params: VideoParams
    key: str = ""  # see :func:`keyed`
    name: str = ""  # what its author calls it
    output: str | None = None  # where its author wants it


class Problem(Struct, frozen=True):
    """Something in a file that can't be meant; ``code`` names the text that says so."""

    row: int  # 0: the file as a whole
    code: str
    values: Mapping[str, object] = {}


def assign_keys(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """The rows with their keys: a digest of what is wanted, and which of its like it is.

    So a row keeps its key wherever it is moved to, a changed row is another one, and two equal rows are two films.
    """
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        like = params_digest(row.params, row.name)
        seen[like] += 1
        found.append(msgspec.structs.replace(row, key=f"{like}-{seen[like]}"))
    return found


def params_digest(params: VideoParams, *salts: str) -> str:
    """32 hex digits over what is wanted; a picture counts by its bytes, so that a changed one is noticed."""
    picture = params.image_path
    content = _file_digest(picture) if picture is not None else None
    fields = msgspec.to_builtins(params) | ({"input_reference": content} if content else {})
    text = msgspec.json.encode([fields, *salts], order="sorted")
    return hashlib.sha256(text).hexdigest()[:32]


def _file_digest(image_path: Path) -> str | None:
    try:
        return hashlib.sha256(image_path.read_bytes()).hexdigest()
    except OSError:
        return None  # told as a problem of its row
