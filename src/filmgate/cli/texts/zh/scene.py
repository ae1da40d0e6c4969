"""The scene engine, explained."""

from __future__ import annotations

TEXTS: dict[str, str] = {}
