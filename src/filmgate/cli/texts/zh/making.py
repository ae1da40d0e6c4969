"""Making films: the options of generate and its kin, profiles, completion."""

from __future__ import annotations

TEXTS: dict[str, str] = {}
