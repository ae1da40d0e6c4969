"""Names of the providers; imports nothing, because the command line's help reads them before it loads the client."""

from __future__ import annotations

__all__ = ["PROVIDERS"]

PROVIDERS = ("openai", "dmxapi", "apiyi", "apiyi-async", "chat")
"""Providers that the client can call in their own dialect; see :mod:`filmgate.client.backends.registry`."""
