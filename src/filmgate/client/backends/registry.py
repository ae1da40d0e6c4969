"""The client's backends: one API for each provider. A provider's modules load when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from filmgate.client.backends.filmgate import OWN, Api

__all__ = ["BACKENDS", "api_of"]


def api_of(provider: str | None) -> Api:
    """The API of that name; None: a Filmgate."""
    if provider is None:
        return OWN
    return BACKENDS[provider]()


def _chat() -> Api:
    from filmgate.client.backends.chat import Chat  # noqa: PLC0415 - loaded when it is used

    return Chat()


def _vendor(dialect: str, *, gap: float, seconds: int = 4) -> Api:
    from filmgate.client.backends.vendor import Vendor  # noqa: PLC0415 - loaded when it is used
    from filmgate.wire.upstream import DIALECTS  # noqa: PLC0415 - the same

    return Vendor(DIALECTS[dialect], gap=gap, seconds=seconds)


BACKENDS: dict[str, Callable[[], Api]] = {
    "chat": _chat,
    "openai": partial(_vendor, "openai", gap=2.0),
    "dmxapi": partial(_vendor, "dmxapi", gap=5.0),
    "apiyi": partial(_vendor, "apiyi", gap=5.0),
    "apiyi-async": partial(_vendor, "apiyi-async", gap=5.0, seconds=10),
}
"""How the client calls each of :data:`filmgate.wire.providers.PROVIDERS`."""
