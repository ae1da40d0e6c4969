"""Single values out of an upstream's answer, each read so that nothing it holds can hurt: None is "not said"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = [
    "MAX_BODY_BYTES",
    "find_header",
    "normalize_status",
    "parse_id",
    "parse_number",
    "parse_object",
    "parse_percent",
    "parse_seconds",
    "parse_web_url",
    "retry_after",
]

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Bytes of an answer that are read; a longer one is none."""

MAX_ID_LENGTH = 256
"""Characters of an id."""

_MAX_URL_LENGTH = 8192
_MAX_WAIT = 86_400.0
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)


def parse_object(body: bytes, limit: int = MAX_BODY_BYTES) -> Mapping[str, object] | None:
    """The JSON object that a body is; None for anything else: too long, too deep, cut off, HTML, a list."""
    if len(body) > limit:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def parse_id(value: object) -> str | None:
    """An id that can stand in a path: text of printable ASCII without slashes, blanks and ``..``."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return None
    usable = value.isascii() and value.isprintable() and not set(value) & set(" /\\") and ".." not in value
    return value if usable and value != "." else None


def normalize_status(value: object) -> str | None:
    """A status in its one spelling: ``IN-PROGRESS``, ``In Progress`` and ``in_progress`` are the same."""
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:
        return None
    return re.sub(r"[\s-]+", "_", value.strip().lower())


def parse_number(value: object) -> float | None:
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


def parse_percent(value: object) -> float | None:
    """A progress between 0 and 100: of a number or of text like ``45%``."""
    found = parse_number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    return None if found is None else min(100.0, max(0.0, found))


def parse_web_url(value: object) -> str | None:
    """An http(s) address; whether it may be asked is for the guard to say."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")) or len(value) > _MAX_URL_LENGTH:
        return None
    return value if value.isprintable() and " " not in value else None


def find_header(headers: Mapping[str, str], name: str) -> str | None:
    """A header, however its name is spelt."""
    return next((value.strip() for key, value in headers.items() if key.lower() == name), None)


def parse_seconds(text: str | None, *, unit: float = 1.0) -> float | None:
    """Seconds that a header of that unit means, at most a day."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return min(_MAX_WAIT, max(0.0, float(text) * unit))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: of ``retry-after-ms``, of ``retry-after`` in seconds or as a date, read by the answer's own."""
    waits = parse_seconds(find_header(headers, "retry-after-ms"), unit=0.001)
    if waits is None:
        waits = parse_seconds(find_header(headers, "retry-after"))
    return _seconds_until_date(headers) if waits is None else waits


def _seconds_until_date(headers: Mapping[str, str]) -> float | None:
    then, now = _parse_date(find_header(headers, "retry-after")), _parse_date(find_header(headers, "date"))
    return None if then is None or now is None else min(_MAX_WAIT, max(0.0, then - now))


def _parse_date(text: str | None) -> float | None:
    try:
        found = parsedate_to_datetime(text or "")
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
