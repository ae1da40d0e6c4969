"""File formats: bytes to records. The file name decides the format, else the content."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import yaml
from msgspec import Struct

from filmgate.batch import columns
from filmgate.batch.rows import Problem

__all__ = ["FORMATS", "Format", "Record", "UnreadableFile", "decode_text", "detect_format", "parse_records"]

Format = Literal["csv", "jsonl", "json", "yaml", "text"]
FORMATS: Final = ("csv", "jsonl", "json", "yaml", "text")

_SUFFIXES: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".txt": "text",
}
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = ",;\t|"


class Record(Struct, frozen=True):
    """One video's fields: original names, values of any type."""

    number: int
    fields: Mapping[str, object]


class UnreadableFile(Exception):
    """The file cannot be parsed."""

    def __init__(self, code: str, row: int = 0, **values: object) -> None:
        super().__init__(code)
        self.problem = Problem(row, code, values)


def decode_text(data: bytes, encoding: str | None = None) -> str:
    """Decode a file: UTF-8, UTF-16 or GB 18030 (which includes GBK), detected by its bytes.

    Raises:
        UnreadableFile: it is none of them.
    """
    for bom, name in _BOMS:
        if data.startswith(bom) and encoding is None:
            encoding = name
    for name in (encoding,) if encoding else (_guess_encoding(data), "gb18030"):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise UnreadableFile("encoding", encoding=encoding or "UTF-8, UTF-16, GB 18030")


def detect_format(name: str, text: str) -> Format:
    """Return the format of a file, by its name, else by how it starts."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return "jsonl" if start.startswith("{") else "json"
    first_line = text.partition("\n")[0]
    return (
        "csv"
        if any(columns.column_for(cell) for cell in next(csv.reader([first_line], delimiter=_delimiter(first_line))))
        else "text"
    )


def parse_records(text: str, file_format: Format) -> list[Record]:
    """Parse a text to records; empty lines and comments are skipped.

    Raises:
        UnreadableFile: the text is invalid in this format; names the line.
    """
    return _PARSERS[file_format](text)


def _guess_encoding(data: bytes) -> str:
    """Guess the encoding; the zero bytes of UTF-16 show it without a byte order mark."""
    sample = data[:4096]
    if sample[1::2].count(0) > len(sample) // 4:
        return "utf-16-le"
    return "utf-16-be" if sample[::2].count(0) > len(sample) // 4 else "utf-8"


def _parse_csv(text: str) -> list[Record]:
    lines = text.partition("\n")
    if lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == 5:  # noqa: PLR2004 - Excel's ``sep=;`` line
        delimiter, text = lines[0].strip()[4], lines[2]
    else:
        delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        cells = list(reader)
    except csv.Error as error:
        raise UnreadableFile("quotes", reader.line_num, reason=error) from None
    return _records(cells)


def _records(cells: list[list[str]]) -> list[Record]:
    header_index, header = next(((at, row) for at, row in enumerate(cells) if any(map(str.strip, row))), (0, []))
    names = [name.strip() for name in header]
    records = []
    for number, row in enumerate(cells[header_index + 1 :], start=header_index + 2):
        if not any(map(str.strip, row)):
            continue
        if any(map(str.strip, row[len(names) :])):
            raise UnreadableFile("too_many_cells", number, count=len(row), columns=len(names))
        records.append(Record(number, {name: cell for name, cell in zip(names, row, strict=False) if name}))
    return records


def _delimiter(text: str) -> str:
    """Return the delimiter that occurs most often outside quotes in the first line that is not blank."""
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = "".join(first_line.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _parse_jsonl(text: str) -> list[Record]:
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            records.append(_to_record(number, _load_json(line, number)))
    return records


def _parse_json(text: str) -> list[Record]:
    return _list_records(_load_json(text, 0))


def _parse_yaml(text: str) -> list[Record]:
    try:
        return _list_records(yaml.safe_load(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise UnreadableFile("yaml", mark.line + 1 if mark else 0, reason=error.problem or "?") from None
    except yaml.YAMLError as error:
        raise UnreadableFile("yaml", 0, reason=error) from None


def _list_records(value: Any) -> list[Record]:
    """Read a list of videos, or ``{"defaults": {…}, "rows": […]}``."""
    defaults: Mapping[str, object] = {}
    if isinstance(value, dict) and set(value) <= {"defaults", "rows"}:
        defaults, value = value.get("defaults") or {}, value.get("rows")
    if not isinstance(value, list) or not isinstance(defaults, dict):
        raise UnreadableFile("not_a_list")
    return [_to_record(number, item, defaults) for number, item in enumerate(value, start=1)]


def _to_record(number: int, value: object, defaults: Mapping[str, object] | None = None) -> Record:
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, dict):
        raise UnreadableFile("not_an_object", number)
    return Record(number, {**(defaults or {}), **{str(name): part for name, part in value.items()}})


def _load_json(text: str, number: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("json", number, reason=error) from None


def _parse_text(text: str) -> list[Record]:
    lines = enumerate(text.splitlines(), start=1)
    return [
        Record(number, {"prompt": line.strip()})
        for number, line in lines
        if line.strip() and not line.lstrip().startswith("#")
    ]


_PARSERS: Final[dict[Format, Callable[[str], list[Record]]]] = {
    "csv": _parse_csv,
    "jsonl": _parse_jsonl,
    "json": _parse_json,
    "yaml": _parse_yaml,
    "text": _parse_text,
}
