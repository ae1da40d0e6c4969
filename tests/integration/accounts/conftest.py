"""A whole Filmgate over a real socket, and accounts with keys of every kind."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from msgspec import Struct
from openai import AsyncOpenAI

from filmgate.bootstrap.application import Application, build_application
from filmgate.config.settings import Settings
from filmgate.server.serve import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from filmgate.store import ApiKey

MODELS = """
[models.sora-2]
engine = "testcard"
price = { default = 25 }
[models.sora-2-pro]
engine = "testcard"
price_per_call = 70
"""


class Live(Struct):
    """A running server."""

    gate: Application
    url: str

    async def key(self, balance: int | None = None, **limits: Any) -> tuple[ApiKey, str]:
        """The key of a new account."""
        account = await self.gate.store.accounts.create_account("somebody", balance)
        return await self.gate.store.accounts.create_key(account.id, "k", **limits)

    def client(self, secret: str, **headers: str) -> httpx2.AsyncClient:
        """A plain client."""
        headers["authorization"] = f"Bearer {secret}"
        limits = httpx2.Limits(max_connections=50, max_keepalive_connections=50)
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False, limits=limits)

    def sdk(self, secret: str, base_url: str | None = None, **options: Any) -> AsyncOpenAI:
        """The official SDK."""
        return AsyncOpenAI(api_key=secret, base_url=f"{base_url or self.url}/v1", timeout=30, **options)


def _gate(folder: Path) -> Application:
    models = folder / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    settings = Settings(data=folder / "data", models=models, allow_hosts=("127.0.0.1",), log_level="error")
    return build_application(settings)


@asynccontextmanager
async def _served(gate: Application) -> AsyncIterator[Live]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(gate.app, "127.0.0.1", 0, on_ready=ready.set_result, drain_timeout=1))
    try:
        yield Live(gate, await ready)
    finally:
        serving.cancel()
        await asyncio.wait([serving])


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    """A server that makes test cards."""
    async with _gate(tmp_path) as gate, _served(gate) as server:
        yield server


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Live]:
    """A server that makes nothing: its flow was never started."""
    gate = _gate(tmp_path)
    async with _served(gate) as server:
        yield server
    await gate.store.close()
    gate.lock.release()
