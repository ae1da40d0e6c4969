"""Incremental multipart/form-data parser: text into memory, files into staged files.

A part's field name decides what it is, never its file name or content type: clients omit both or make them up.
"""

from __future__ import annotations

import codecs
import hashlib
import logging
import os
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from filmgate.errors import InvalidType, InvalidValue, MalformedBody, RequestError
from filmgate.server.multipart_framing import DelimiterFilter
from filmgate.wire.params import Unreadable, Upload

__all__ = ["FormReader", "decode_text"]

MAX_PARTS = 128
"""Maximum number of parts; more than any request of this API has."""

MAX_TEXT_BYTES = 1024 * 1024
"""Maximum bytes of a text field."""

MAX_DATA_URL_BYTES = 20_971_520 + 1024
"""Maximum bytes of a field that may hold a data URL (20,971,520 characters) with some white space around it."""

MAX_FILENAME, MAX_FILENAME_BYTES = 255, 4096
"""Maximum characters of a file's name, and how many of its bytes are looked at."""

SNIFF_BYTES = 16
"""Bytes after which a part's kind is known."""

_ELEMENT_SUFFIX = re.compile(r"(?:\[\d{0,4}\]|\.\d{1,4})\Z")

_MAGIC_PREFIXES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x1aE\xdf\xa3")
_MAGIC_AT_4 = (b"ftyp", b"moov", b"mdat")

_CHARSETS = frozenset(
    {"utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252", "gbk", "gb2312", "gb18030", "big5", "utf-16", "shift_jis"}
)

# The parser warns about every stray byte; the response tells the client, who can fix it, so the log is off.
_PARSER_LOG = logging.getLogger(f"{__name__}.parser")
_PARSER_LOG.disabled = True


class FormReader:
    """Parses a multipart body.

    Args:
        boundary: from the content type.
        file_fields: the names of the fields that are files.
        new_path: returns a fresh path for a staged file.
    """

    def __init__(self, boundary: bytes, file_fields: Collection[str], new_path: Callable[[], Path]) -> None:
        self._file_fields = file_fields
        self._new_path = new_path
        self._fields: list[tuple[str, str | Upload | Unreadable]] = []
        self._parts: list[_Part] = []
        self._part: _Part | None = None
        self._name = ""
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._complete = False
        self._parser = self._make_parser(boundary)
        self._filter = DelimiterFilter(boundary)

    def feed(self, chunk: bytes) -> None:
        """Parse the next bytes of the body.

        Raises:
            RequestError: the bytes are no valid form, or exceed a limit.
        """
        self._write(self._filter.feed(chunk))

    def _write(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            if self._complete:
                return
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise MalformedBody(f"The multipart body can't be read: {error}.") from error

    def finish(self) -> list[tuple[str, str | Upload | Unreadable]]:
        """Return the fields in their order; a text that is too long or can't be decoded is ``Unreadable``.

        Raises:
            MalformedBody: the closing boundary is missing.
        """
        self._write(self._filter.finish())
        if not self._complete:
            raise MalformedBody("The multipart body ends before its closing boundary.")
        return self._fields

    def discard(self) -> None:
        """Remove the staged files that were not moved away."""
        for part in self._parts:
            part.discard()

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        try:
            parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise MalformedBody(f"The multipart body can't be read: {error}.") from error
        parser.logger = _PARSER_LOG
        return parser

    def _on_part_begin(self) -> None:
        if len(self._parts) >= MAX_PARTS:
            raise MalformedBody(f"The multipart body has more than {MAX_PARTS} parts.")
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name, filename = options.get(b"name"), _display_name(options.get(b"filename", b""))
        if name is None:
            raise MalformedBody("A part of the multipart body has no name.")
        self._name = decode_text(name, "utf-8", "name")
        # A browser sends a file input that was left empty as an empty part with an empty file name.
        self._part = self._make_part(self._name, filename if options.get(b"filename") else None)
        self._parts.append(self._part)

    def _make_part(self, name: str, filename: str | None) -> _Part:
        _, options = parse_options_header(self._headers.get(b"content-type"))
        charset = options.get(b"charset", b"utf-8").decode("latin-1")
        if _ELEMENT_SUFFIX.sub("", name) not in self._file_fields:
            return _TextPart(name, charset, MAX_DATA_URL_BYTES if "image_url" in name else MAX_TEXT_BYTES)
        if filename is None:
            return _SniffedPart(name, charset, self._new_path)
        return _FilePart(self._new_path(), filename)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part.write(memoryview(data)[start:end])

    def _on_part_end(self) -> None:
        if self._part is not None:
            self._fields.append((self._name, self._part.finish()))
            self._part = None

    def _on_end(self) -> None:
        self._complete = True


class _Part(Protocol):
    """A part while it is received."""

    def write(self, data: memoryview) -> None: ...

    def finish(self) -> str | Upload | Unreadable: ...

    def discard(self) -> None: ...


class _TextPart:
    """A text in memory. What is wrong with it is told later, as its name may be unknown: then that is the reason."""

    def __init__(self, name: str, charset: str, limit: int) -> None:
        self._name = name
        self._charset = charset
        self._limit = limit
        self._data = bytearray()
        self._error: RequestError | None = None

    def write(self, data: memoryview) -> None:
        if self._error is None and len(self._data) + len(data) > self._limit:
            name = self._name[:100]
            self._error = InvalidValue(f"The field '{name}' is too long.", param=name)
            self._data = bytearray()
        if self._error is None:
            self._data += data

    def finish(self) -> str | Unreadable:
        try:
            text = decode_text(bytes(self._data), self._charset, self._name)
        except RequestError as error:
            return Unreadable(error)
        return text if self._error is None else Unreadable(self._error)

    def discard(self) -> None:
        self._data = bytearray()


class _FilePart:
    def __init__(self, path: Path, filename: str = "") -> None:
        self._path = path
        self._filename = filename
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, data: memoryview) -> None:
        self._digest.update(data)
        self._bytes += len(data)
        while data:
            data = data[os.write(self._fd, data) :]

    def finish(self) -> Upload:
        self._close()
        return Upload(self._path, self._bytes, self._digest.hexdigest(), self._filename)

    def discard(self) -> None:
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class _SniffedPart:
    """A part of a file field without a file name: a file if it begins like an image or a video, else text."""

    def __init__(self, name: str, charset: str, new_path: Callable[[], Path]) -> None:
        self._text = _TextPart(name, charset, MAX_DATA_URL_BYTES)  # of JSON, which may hold a data URL
        self._new_path = new_path
        self._head = bytearray()
        self._delegate: _Part | None = None

    def write(self, data: memoryview) -> None:
        if self._delegate is not None:
            self._delegate.write(data)
            return
        self._head += data
        if len(self._head) >= SNIFF_BYTES:
            self._sniff()

    def finish(self) -> str | Upload | Unreadable:
        return (self._delegate or self._sniff()).finish()

    def discard(self) -> None:
        if self._delegate is not None:
            self._delegate.discard()

    def _sniff(self) -> _Part:
        self._delegate = _FilePart(self._new_path()) if _is_media(bytes(self._head[:SNIFF_BYTES])) else self._text
        self._delegate.write(memoryview(bytes(self._head)))
        return self._delegate


def _is_media(head: bytes) -> bool:
    webp = head.startswith(b"RIFF") and head[8:12] in {b"WEBP", b"AVI "}
    return webp or head.startswith(_MAGIC_PREFIXES) or head[4:8] in _MAGIC_AT_4


def _display_name(raw: bytes) -> str:
    """Return the last part of a file's name without what no display shows, cut to a usual length."""
    name = raw[:MAX_FILENAME_BYTES].decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable()).strip()[:MAX_FILENAME]


def decode_text(data: bytes, charset: str, name: str) -> str:
    """Decode text in the charset that its sender names.

    Raises:
        MalformedBody: the charset is not supported.
        InvalidType: the bytes are invalid in that charset.
    """
    try:
        codec = codecs.lookup(charset.strip() or "utf-8").name
    except (LookupError, ValueError):
        codec = ""
    if codec not in _CHARSETS:
        raise MalformedBody(f"The charset '{charset[:40]}' can't be read; send UTF-8.")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise InvalidType(name[:100], "a string", "bytes that are not text") from error
