"""What a dialect parses from a request: plain values, not yet checked against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from filmgate.domain import EngineParameters, Fit, Operation
from filmgate.errors import RequestError

__all__ = [
    "CharacterParams",
    "CreateParams",
    "FieldValue",
    "Fields",
    "FileId",
    "FileParams",
    "FormList",
    "FormObject",
    "FormText",
    "ImageReference",
    "ImageUrl",
    "RevisionParams",
    "Unreadable",
    "Upload",
    "VideoId",
    "VideoReference",
]


class Upload(Struct, frozen=True):
    """A file part, received into a staged file; its content type is untrusted and dropped."""

    path: Path
    bytes: int
    sha256: str  # hex
    filename: str = ""  # printable and without folders; for display alone. "": the part has none


class ImageUrl(Struct, frozen=True):
    """``{"image_url": …}``: an http(s) or data URL."""

    url: str


class FileId(Struct, frozen=True):
    """``{"file_id": …}``."""

    id: str


class VideoId(Struct, frozen=True):
    """``{"id": …}``: a video of the same account."""

    id: str


class FormText(str):
    """A text of a form. Forms have no other type: the field's reader knows whether it is a number or JSON, say."""

    __slots__ = ()


class FormList(list[object]):
    """The values of ``name[]`` in a form."""

    __slots__ = ()


class FormObject(dict[str, object]):
    """The values of ``name[key]`` or ``name.key`` in a form, and of ``name[0]``: an array's reader reads indexes."""

    __slots__ = ()


class Unreadable(Struct, frozen=True):
    """A field that can't be read. Its error is raised where the field is known: an unknown name is told first."""

    error: RequestError


FieldValue = str | int | float | bool | None | Upload | Unreadable | list[object] | dict[str, object]
"""A field of a request, from JSON or from a form; nested lists and dicts hold the same."""

Fields = Mapping[str, FieldValue]
"""A request's fields by name, from either encoding: ``{"prompt": "…", "input_reference": Upload(…)}``."""

ImageReference = Upload | ImageUrl | FileId
"""The three spellings of a reference image."""


VideoReference = Upload | VideoId | FileId
"""The three spellings of a source video."""


class CreateParams(Struct, frozen=True, kw_only=True):
    """POST /v1/videos as its dialect parsed it. None: absent."""

    prompt: str
    model: str | None = None
    seconds: str | None = None  # as on the wire: a string of digits
    size: str | None = None
    input_reference: ImageReference | None = None
    characters: tuple[str, ...] = ()
    seed: int | None = None
    fit: Fit | None = None
    callback_url: str | None = None
    metadata: dict[str, str] | None = None
    parameters: EngineParameters = EngineParameters()


class RevisionParams(Struct, frozen=True, kw_only=True):
    """A remix, an edit or an extension as its dialect parsed it. None: absent."""

    operation: Operation
    prompt: str
    video: VideoReference
    model: str | None = None  # with an upload; a stored video keeps its own
    seconds: int | None = None  # of an extension's new segment
    user: str | None = None  # as :attr:`filmgate.domain.EngineParameters.user`


class CharacterParams(Struct, frozen=True, kw_only=True):
    """POST /v1/videos/characters as its dialect parsed it."""

    name: str
    video: Upload | FileId


class FileParams(Struct, frozen=True, kw_only=True):
    """POST /v1/files as parsed."""

    file: Upload
    purpose: str
    expires_after: int | None = None  # seconds; None: never
