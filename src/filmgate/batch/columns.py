"""The columns of a batch file, their accepted names, and how their cells are read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from filmgate.batch.rows import BatchRow, Problem, VideoParams
from filmgate.domain import Fit, Size

__all__ = ["COLUMNS", "column_for", "read_row"]

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "prompt": ("prompt", "text", "提示词", "提示", "描述", "文本"),
    "model": ("model", "模型"),
    "seconds": ("seconds", "duration", "length", "时长", "秒数", "秒", "时长秒"),
    "size": ("size", "resolution", "尺寸", "分辨率", "大小"),
    "input_reference": (
        "inputreference",
        "reference",
        "image",
        "picture",
        "firstframe",
        "参考图",
        "参考图片",
        "图片",
        "首帧",
    ),
    "seed": ("seed", "种子", "随机种子"),
    "fit": ("fit", "适配"),
    "characters": ("characters", "角色"),
    "metadata": ("metadata", "元数据"),
    "name": ("name", "id", "title", "名称", "编号", "标题"),
    "output": ("output", "file", "filename", "输出", "文件", "文件名"),
}
"""Each column's accepted names, in lower case without spaces, dashes and underscores."""

_BY_NAME: Final = {name: column for column, names in COLUMNS.items() for name in names}
_SEPARATORS = re.compile(r"[\s_\-()（）]+")
_SECONDS = re.compile(r"([0-9]+)(?:\.0*)?\s*(?:s|sec|seconds|秒)?", re.IGNORECASE | re.ASCII)
_SIZE = re.compile(r"([0-9]+)\s*[xX×*]\s*([0-9]+)", re.ASCII)
SEED_MAX = 2**63 - 1


class _InvalidCell(Exception):
    """A cell that is invalid."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def column_for(name: str) -> str | None:
    """Return the column with this name, if any; ``metadata.x`` is one key of the metadata."""
    normalized = _SEPARATORS.sub("", name).lower()
    prefix = normalized.partition(".")[0]
    return _BY_NAME.get(normalized) or (
        "metadata" if "." in normalized and _BY_NAME.get(prefix) == "metadata" else None
    )


def read_row(number: int, fields: Mapping[str, object], folder: Path) -> BatchRow | Problem:
    """Read a record as a row.

    Args:
        number: the row's number.
        fields: the record's values under their original names; names that start with an underscore are ignored.
        folder: base of relative paths.
    """
    values: dict[str, Any] = {"metadata": {}}
    try:
        for name, value in fields.items():
            if not name.startswith("_") and not _is_blank(value):
                _set_value(values, name, value, folder)
        row = {name: values.pop(name) for name in ("name", "output") if name in values}
        if "prompt" not in values:
            return Problem(number, "missing_prompt")
        return BatchRow(number=number, params=VideoParams(**values), **row)
    except _InvalidCell as error:
        return Problem(number, error.code, error.values)


def _set_value(values: dict[str, Any], name: str, value: object, folder: Path) -> None:
    column = column_for(name)
    if column is None:
        raise _InvalidCell("unknown_column", name=name, nearest=_suggest_column(name))
    if column == "metadata":
        values["metadata"] |= _metadata(name, value)
    elif column in values:
        raise _InvalidCell("duplicate_column", name=name, column=column)
    else:
        values[column] = _READERS[column](name, value, folder)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _suggest_column(name: str) -> str:
    matches = difflib.get_close_matches(_SEPARATORS.sub("", name).lower(), _BY_NAME, n=1, cutoff=0.5)
    return _BY_NAME[matches[0]] if matches else ", ".join(COLUMNS)


def _text(name: str, value: object, _folder: Path) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _InvalidCell("not_text", name=name, value=value)
    return str(value).strip()


def _seconds(name: str, value: object, folder: Path) -> str:
    match = _SECONDS.fullmatch(_text(name, value, folder))
    if match is None:
        raise _InvalidCell("seconds", name=name, value=value)
    return match[1]


def _size(name: str, value: object, folder: Path) -> str:
    match = _SIZE.fullmatch(_text(name, value, folder))
    size = Size.parse(f"{match[1]}x{match[2]}") if match else None
    if size is None:
        raise _InvalidCell("size", name=name, value=value)
    return str(size)


def _input_reference(name: str, value: object, folder: Path) -> str:
    if isinstance(value, dict) and isinstance(value.get("image_url"), str):
        return str(value["image_url"])
    text = _text(name, value, folder)
    if text.startswith(("http://", "https://", "data:")):
        return text
    return str((folder / Path(text).expanduser()).absolute())


def _seed(name: str, value: object, folder: Path) -> int:
    text = _text(name, value, folder).removesuffix(".0")
    if not (text.isascii() and text.isdecimal() and int(text) <= SEED_MAX):
        raise _InvalidCell("seed", name=name, value=value)
    return int(text)


def _fit(name: str, value: object, folder: Path) -> str:
    text = _text(name, value, folder).lower()
    if text not in list(Fit):
        raise _InvalidCell("fit", name=name, value=value, known=", ".join(Fit))
    return text


def _characters(name: str, value: object, folder: Path) -> tuple[str, ...]:
    if not isinstance(value, list):
        value = re.split(r"[,;，；\s]+", _text(name, value, folder))
    return tuple(_text(name, part["id"] if isinstance(part, dict) and "id" in part else part, folder) for part in value)


def _metadata(name: str, value: object) -> dict[str, str]:
    if "." in name:
        return {name.partition(".")[2].strip(): _text(name, value, Path())}
    if not isinstance(value, dict):
        raise _InvalidCell("metadata", name=name)
    return {str(key): _text(f"{name}.{key}", part, Path()) for key, part in value.items()}


_READERS: Final[dict[str, Callable[[str, object, Path], object]]] = {
    "prompt": _text,
    "model": _text,
    "seconds": _seconds,
    "size": _size,
    "input_reference": _input_reference,
    "seed": _seed,
    "fit": _fit,
    "characters": _characters,
    "name": _text,
    "output": _text,
}
