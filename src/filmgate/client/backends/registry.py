"""The client's backends: one API for each provider. A provider's modules load when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from filmgate.client.backends.filmgate import FILMGATE, Backend

__all__ = ["BACKENDS", "backend_for"]


def backend_for(provider: str | None) -> Backend:
    """The API of that name; None: a Filmgate."""
    if provider is None:
        return FILMGATE
    return BACKENDS[provider]()


def _chat() -> Backend:
    from filmgate.client.backends.chat import ChatBackend  # noqa: PLC0415 - loaded when it is used

    return ChatBackend()


def _vendor(dialect: str, *, gap: float, seconds: int = 4) -> Backend:
    from filmgate.client.backends.vendor import VendorBackend  # noqa: PLC0415 - loaded when it is used
    from filmgate.wire.upstream import DIALECTS  # noqa: PLC0415 - the same

    return VendorBackend(DIALECTS[dialect], min_poll_gap=gap, seconds=seconds)


BACKENDS: dict[str, Callable[[], Backend]] = {
    "chat": _chat,
    "openai": partial(_vendor, "openai", gap=2.0),
    "dmxapi": partial(_vendor, "dmxapi", gap=5.0),
    "apiyi": partial(_vendor, "apiyi", gap=5.0),
    "apiyi-async": partial(_vendor, "apiyi-async", gap=5.0, seconds=10),
}
"""How the client calls each of :data:`filmgate.wire.providers.PROVIDERS`."""
