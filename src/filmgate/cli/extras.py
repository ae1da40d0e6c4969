"""Optional extras: a missing one becomes a one-line error with the command that installs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filmgate.cli.texts import Texts
from filmgate.errors import MissingExtra

__all__ = ["ADMIN_COMMANDS", "MODULES", "PACKAGED", "installed"]

ADMIN_COMMANDS = frozenset(
    {
        "accounts",
        "backup",
        "config",
        "doctor",
        "gc",
        "jobs",
        "keys",
        "ledger",
        "migrate",
        "restore",
        "serve",
        "usage",
        "webhooks",
        "worker",
    }
)
"""Operator commands. They need the server extra, and read a ``filmgate.toml`` in the current folder."""

PACKAGED = {"scene": "scene"}
"""Commands of separate packages, and the extra that installs each."""

MEDIA = frozenset({"PIL", "av", "numpy"})

MODULES = MEDIA | {
    "aiohttp",
    "alembic",
    "cryptography",
    "dbos",
    "httptools",
    "mcp",
    "prometheus_client",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
    "uvloop",
    "yarl",
}
"""Top-level modules that only an extra installs."""


@contextmanager
def installed(command: str, text: Texts) -> Iterator[None]:
    """Turn a failed import of an extra's module into a one-line error.

    Args:
        command: as typed, without ``filmgate``.
        text: the catalogue of texts.

    Raises:
        MissingExtra: a module of ``MODULES`` is missing. Any other missing module is a defect and propagates.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in MODULES:
            raise
        extra = _extra(command, module)
        raise MissingExtra(text(f"extra.{extra}", command=command)) from None


def _extra(command: str, module: str) -> str:
    """Return the smallest extra with which the command works."""
    if module == "mcp" or command == "mock":
        return module if module == "mcp" else command
    if command in ADMIN_COMMANDS:
        return "server"
    return "media" if module in MEDIA else "all"
