"""The rows of a batch: parameters, and the key that identifies a row in the journal."""

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
    """The parameters of one video, as the SDK takes them. None: the server decides."""

    prompt: str
    model: str | None = None
    seconds: str | None = None
    size: str | None = None
    input_reference: str | None = None  # an absolute path, or a URL
    seed: int | None = None
    fit: str | None = None
    metadata: dict[str, str] = {}
    characters: tuple[str, ...] = ()

    @property
    def image_path(self) -> Path | None:
        """The reference image's path, if it is a local file."""
        reference = self.input_reference
        return None if reference is None or reference.startswith(("http://", "https://", "data:")) else Path(reference)

    def create_arguments(self) -> dict[str, Any]:
        """Return the arguments for ``videos.create``."""
        reference: ImageInput | None = self.image_path or self.input_reference
        arguments = {name: getattr(self, name) for name in self.__struct_fields__}
        return arguments | {"input_reference": reference, "metadata": self.metadata or None}


class BatchRow(Struct, frozen=True, kw_only=True):
    """One video of a file."""

    number: int  # a table's row as spreadsheets count it, else the line, or the index from 1
    params: VideoParams
    key: str = ""  # see :func:`assign_keys`
    name: str = ""  # from the file; may be empty
    output: str | None = None  # the requested output path


class Problem(Struct, frozen=True):
    """Something invalid in a file; ``code`` selects the text that describes it."""

    row: int  # 0: the file as a whole
    code: str
    values: Mapping[str, object] = {}


def assign_keys(rows: Iterable[BatchRow]) -> list[BatchRow]:
    """Assign each row its key: a digest of its parameters, and a count among equal rows.

    So a row keeps its key when it is moved, a changed row is a new one, and two equal rows are two videos.
    """
    counts: Counter[str] = Counter()
    keyed = []
    for row in rows:
        digest = params_digest(row.params, row.name)
        counts[digest] += 1
        keyed.append(msgspec.structs.replace(row, key=f"{digest}-{counts[digest]}"))
    return keyed


def params_digest(params: VideoParams, *salts: str) -> str:
    """Return 32 hex digits over the parameters; an image counts by its bytes, so that a changed one is detected."""
    image_path = params.image_path
    content = _file_digest(image_path) if image_path is not None else None
    fields = msgspec.to_builtins(params) | ({"input_reference": content} if content else {})
    text = msgspec.json.encode([fields, *salts], order="sorted")
    return hashlib.sha256(text).hexdigest()[:32]


def _file_digest(image_path: Path) -> str | None:
    try:
        return hashlib.sha256(image_path.read_bytes()).hexdigest()
    except OSError:
        return None  # reported as a problem of its row
