"""Many films: batch and story."""

from __future__ import annotations

TEXTS: dict[str, str] = {}
