"""The client's backends by provider. A provider's modules are imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from filmgate.client.backends.filmgate import FILMGATE, Backend

__all__ = ["BACKENDS", "backend_for"]


def backend_for(provider: str | None) -> Backend:
    """Return the provider's backend; None: a Filmgate's."""
    if provider is None:
        return FILMGATE
    return BACKENDS[provider]()


def _chat() -> Backend:
    from filmgate.client.backends.chat import ChatBackend  # noqa: PLC0415 - imported on first use

    return ChatBackend()


def _vendor(dialect: str, *, gap: float, seconds: int = 4) -> Backend:
    from filmgate.client.backends.vendor import VendorBackend  # noqa: PLC0415 - imported on first use
    from filmgate.wire.upstream import DIALECTS  # noqa: PLC0415 - imported on first use

    return VendorBackend(DIALECTS[dialect], min_poll_gap=gap, seconds=seconds)


BACKENDS: dict[str, Callable[[], Backend]] = {
    "chat": _chat,
    "openai": partial(_vendor, "openai", gap=2.0),
    "dmxapi": partial(_vendor, "dmxapi", gap=5.0),
    "apiyi": partial(_vendor, "apiyi", gap=5.0),
    "apiyi-async": partial(_vendor, "apiyi-async", gap=5.0, seconds=10),
}
"""Backend of each of :data:`filmgate.wire.providers.PROVIDERS`."""
