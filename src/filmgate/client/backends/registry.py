"""The client's backends: one API for each provider."""

from __future__ import annotations

from collections.abc import Callable

from filmgate.client.backends.chat import Chat
from filmgate.client.backends.filmgate import OWN, Api
from filmgate.client.backends.vendor import Vendor
from filmgate.wire.upstream import DIALECTS

__all__ = ["BACKENDS", "api_of"]

BACKENDS: dict[str, Callable[[], Api]] = {
    "chat": Chat,
    "openai": lambda: Vendor(DIALECTS["openai"], gap=2.0),
    "dmxapi": lambda: Vendor(DIALECTS["dmxapi"], gap=5.0),
    "apiyi": lambda: Vendor(DIALECTS["apiyi"], gap=5.0),
    "apiyi-async": lambda: Vendor(DIALECTS["apiyi-async"], gap=5.0, seconds=10),
}
"""How the client calls each of :data:`filmgate.wire.providers.PROVIDERS`."""


def api_of(provider: str | None) -> Api:
    """The API of that name; None: a Filmgate."""
    if provider is None:
        return OWN
    return BACKENDS[provider]()
