"""Single values out of an upstream's answer, each read so that nothing it holds can hurt: None is "not said"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = [
    "BODY_LIMIT",
    "duration",
    "header",
    "identifier",
    "number",
    "percent",
    "record",
    "retry_after",
    "web_url",
    "word",
]

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of an answer that are read; a longer one is none."""

ID_LIMIT = 256
"""Characters of an id."""

_URL_LIMIT = 8192
_LONGEST_WAIT = 86_400.0
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)


def record(body: bytes, limit: int = BODY_LIMIT) -> Mapping[str, object] | None:
    """The JSON object that a body is; None for anything else: too long, too deep, cut off, HTML, a list."""
    if len(body) > limit:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def identifier(value: object) -> str | None:
    """An id that can stand in a path: text of printable ASCII without slashes, blanks and ``..``."""
    if not isinstance(value, str) or not 0 < len(value) <= ID_LIMIT:
        return None
    usable = value.isascii() and value.isprintable() and not set(value) & set(" /\\") and ".." not in value
    return value if usable and value != "." else None


def word(value: object) -> str | None:
    """A status in its one spelling: ``IN-PROGRESS``, ``In Progress`` and ``in_progress`` are the same."""
    if not isinstance(value, str) or len(value) > ID_LIMIT:
        return None
    return re.sub(r"[\s-]+", "_", value.strip().lower())


def number(value: object) -> float | None:
    """A finite number, given as one or as text."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value := value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def percent(value: object) -> float | None:
    """A progress between 0 and 100: of a number or of text like ``45%``."""
    found = number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    return None if found is None else min(100.0, max(0.0, found))


def web_url(value: object) -> str | None:
    """An http(s) address; whether it may be asked is for the guard to say."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")) or len(value) > _URL_LIMIT:
        return None
    return value if value.isprintable() and " " not in value else None


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header, however its name is spelt."""
    return next((value.strip() for key, value in headers.items() if key.lower() == name), None)


def duration(text: str | None, *, unit: float = 1.0) -> float | None:
    """Seconds that a header of that unit means, at most a day."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return min(_LONGEST_WAIT, max(0.0, float(text) * unit))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: of ``retry-after-ms``, of ``retry-after`` in seconds or as a date, read by the answer's own."""
    waits = duration(header(headers, "retry-after-ms"), unit=0.001)
    if waits is None:
        waits = duration(header(headers, "retry-after"))
    return _until(headers) if waits is None else waits


def _until(headers: Mapping[str, str]) -> float | None:
    then, now = _date(header(headers, "retry-after")), _date(header(headers, "date"))
    return None if then is None or now is None else min(_LONGEST_WAIT, max(0.0, then - now))


def _date(text: str | None) -> float | None:
    try:
        found = parsedate_to_datetime(text or "")
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
