"""The upstream that misbehaves on purpose."""

from __future__ import annotations

TEXTS: dict[str, str] = {}
