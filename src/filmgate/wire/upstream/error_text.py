"""An upstream's failure as a code and a message that is safe for clients: no host, id, key or markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from filmgate.domain import VideoError

__all__ = ["MODERATION_BLOCKED", "parse_error", "printable_line", "redact"]

MAX_MESSAGE_LENGTH = 500
"""Maximum characters of a message."""

MODERATION_BLOCKED = "moderation_blocked"
"""The one code for every upstream's rejection of what a prompt or an image shows."""

_MODERATION_CODES = frozenset(
    {
        "content_filter",
        "content_moderation",
        "content_policy_violation",
        "input_moderation",
        "moderation",
        "moderation_blocked",
        "output_moderation",
        "sentinel_block",
    }
)
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_MAX_DEPTH = 4
_MESSAGE_KEYS = ("message", "msg", "detail", "reason", "fail_reason", "description", "error")
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|\?xml)\b", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\s]+")

_BOILERPLATE = re.compile(
    r"""
    \b(?:an?|at|by|code|delete|errors?|exception|fail|fail(?:ed|ing|ure)|for|from|get|head|host|https?|in|is|it|of|on)\b
    | \b(?:patch|post|put|requests?|response|returned|server|status|the|to|upstream|url|was|while|with)\b
    | [\W\d_]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Words around an address, which mean nothing without it."""

SECRET_PATTERNS = re.compile(
    r"""
    \b\w{1,32}+://\S+                                     # an address with its scheme
    | \b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b                # an IPv4 address
    | \[?(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]*\]?(?::\d+)?    # an IPv6 address
    | \b(?:[a-z0-9-]{1,63}+\.){1,8}(?:[a-z]{2,24})(?::\d+|/\S*)  # a host with a port or a path
    | \b(?:[a-z0-9-]{1,63}+\.){1,8}(?:ai|app|cloud|cn|com|dev|internal|io|lan|local|net|org|svc|top|vip|xyz)\b
    | \blocalhost(?::\d+)?\b
    | (?<![\w/])(?:~|\.{0,2})/(?:[\w.@+-]+/)+[\w.@+-]*    # a path in a file system
    | \b(?:sk|pk|key|token|bearer)[-_ ][\w-]{8,}          # a key by its prefix
    | \b[A-Za-z0-9_-]{32,}+                               # any long opaque word
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
"""What never reaches a client."""


def redact(text: str, private: Iterable[str] = ()) -> str:
    """Return a message on one line, without markup, secrets and ``private`` words; "" if nothing useful is left.

    ``POST https://vendor.example/v1/videos failed: sk-…`` becomes nothing: all that it says is private.
    """
    text = line = _one_line(text)
    for word in private:
        text = text.replace(word, "…") if word else text
    text = SECRET_PATTERNS.sub("…", text)
    return _truncate(text) if text == line or _has_content(text) else ""


def _has_content(text: str) -> bool:
    """Return whether the text holds more than the words around an address."""
    return bool(_BOILERPLATE.sub("", text))


def printable_line(text: str) -> str:
    """Return a message on one line, without markup and terminal control characters; "" if nothing is left.

    Secrets stay: they are the reader's own.
    """
    return _truncate(_one_line(text))


def _one_line(text: str) -> str:
    if _MARKUP.search(text, 0, 2 * MAX_MESSAGE_LENGTH):
        return ""
    return _cut_at_word(_UNPRINTABLE.sub(" ", text[: 8 * MAX_MESSAGE_LENGTH]).strip())


def _truncate(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE_LENGTH else text[: MAX_MESSAGE_LENGTH - 1] + "…"


def _cut_at_word(text: str) -> str:
    """Cut a text to what is needed, between two words, because half a secret no longer looks like one."""
    return text if len(text) <= 2 * MAX_MESSAGE_LENGTH else text[: 2 * MAX_MESSAGE_LENGTH].rpartition(" ")[0]


def parse_error(value: object, default: VideoError, private: Iterable[str] = ()) -> VideoError:
    """Parse an error of any shape; a missing code or message is the default's.

    Args:
        value: the value of an ``error`` key: None, text, a list, an object.
        default: our own code and message.
        private: words that must not be repeated: the job's id, the upstream's host, a key.
    """
    message = redact(_message(value), private)
    code = _code(value)
    if code in _MODERATION_CODES:
        code = MODERATION_BLOCKED
    return VideoError(code or default.code, message or default.message)


def _message(value: object, depth: int = _MAX_DEPTH) -> str:
    if isinstance(value, str):
        return value
    if depth and isinstance(value, Mapping):
        return next((text for name in _MESSAGE_KEYS if (text := _message(value.get(name), depth - 1))), "")
    if depth and isinstance(value, list):
        return next((text for item in value[:10] if (text := _message(item, depth - 1))), "")
    return ""


def _code(value: object, depth: int = _MAX_DEPTH) -> str | None:
    """Return the word that names the cause; numbers are HTTP statuses and the like, and name none."""
    if depth and isinstance(value, list) and value:
        return _code(value[0], depth - 1)
    if not isinstance(value, Mapping):
        return None
    for name in ("code", "type"):
        word = value.get(name)
        if isinstance(word, str) and _CODE.fullmatch(word.strip().lower()) and not SECRET_PATTERNS.search(word):
            return word.strip().lower()
    return _code(value.get("error"), depth - 1) if depth else None
