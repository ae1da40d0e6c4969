"""Parses single values of an upstream's response, safely for any input; None means absent or unusable."""

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
"""Maximum bytes of a response that are parsed; a longer one counts as unreadable."""

MAX_ID_LENGTH = 256
"""Maximum characters of an id."""

_MAX_URL_LENGTH = 8192
_MAX_WAIT = 86_400.0
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)


def parse_object(body: bytes, limit: int = MAX_BODY_BYTES) -> Mapping[str, object] | None:
    """Return the JSON object in a body; None for anything else: too long, too deep, cut off, HTML, a list."""
    if len(body) > limit:
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_id(value: object) -> str | None:
    """Return an id that can stand in a path: text of printable ASCII without slashes, blanks and ``..``."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return None
    usable = value.isascii() and value.isprintable() and not set(value) & set(" /\\") and ".." not in value
    return value if usable and value != "." else None


def normalize_status(value: object) -> str | None:
    """Return a status in canonical spelling: ``IN-PROGRESS``, ``In Progress`` and ``in_progress`` are the same."""
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:
        return None
    return re.sub(r"[\s-]+", "_", value.strip().lower())


def parse_number(value: object) -> float | None:
    """Return a finite number, given as one or as text."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value := value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def parse_percent(value: object) -> float | None:
    """Return a progress between 0 and 100, from a number or a text like ``45%``."""
    percent = parse_number(value.strip().removesuffix("%") if isinstance(value, str) else value)
    return None if percent is None else min(100.0, max(0.0, percent))


def parse_web_url(value: object) -> str | None:
    """Return an http(s) URL; the URL guard decides whether it may be fetched."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")) or len(value) > _MAX_URL_LENGTH:
        return None
    return value if value.isprintable() and " " not in value else None


def find_header(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header by its lower-case name, however the response spells it."""
    return next((value.strip() for key, value in headers.items() if key.lower() == name), None)


def parse_seconds(text: str | None, *, unit: float = 1.0) -> float | None:
    """Return the seconds in a header whose unit is ``unit`` seconds, at most a day."""
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return min(_MAX_WAIT, max(0.0, float(text) * unit))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait by ``retry-after-ms``, else ``retry-after`` (seconds, or a date minus ``date``)."""
    seconds = parse_seconds(find_header(headers, "retry-after-ms"), unit=0.001)
    if seconds is None:
        seconds = parse_seconds(find_header(headers, "retry-after"))
    return _seconds_until_date(headers) if seconds is None else seconds


def _seconds_until_date(headers: Mapping[str, str]) -> float | None:
    then, now = _parse_date(find_header(headers, "retry-after")), _parse_date(find_header(headers, "date"))
    return None if then is None or now is None else min(_MAX_WAIT, max(0.0, then - now))


def _parse_date(text: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
