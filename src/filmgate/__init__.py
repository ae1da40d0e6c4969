"""Filmgate: the Sora-2 video API that nobody can switch off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filmgate.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "__version__"]

__version__: str


def __getattr__(name: str) -> object:
    # Loaded on first use: a program that needs neither the SDK nor the version number pays for neither.
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - costs more than all the rest of this module

        return version("filmgate")
    if name in __all__:
        from filmgate import client  # noqa: PLC0415 - imports point down, except for this public shortcut

        return getattr(client, name)
    raise AttributeError(f"module 'filmgate' has no attribute '{name}'")
