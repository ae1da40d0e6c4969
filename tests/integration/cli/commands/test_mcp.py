"""The MCP tools, called by the official MCP client in this process."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client

from filmgate import AsyncClient
from filmgate.bootstrap.application import build_application
from filmgate.cli.commands.mcp.server import build
from filmgate.cli.commands.mcp.tools import Tools
from filmgate.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MODELS = """
[models.sora-2]
engine = "testcard"
price = { default = 100_000 }

[models.sora-2-pro]
engine = "testcard"
price = { default = 500_000 }
"""


@asynccontextmanager
async def _session(folder: Path, budget: int | None = None, *, delay: float = 0.0) -> AsyncIterator[Client]:
    models = folder / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    settings = Settings(data=folder / "data", models=models, testcard_delay=delay, log_level="error")
    async with build_application(settings, "embedded") as application:
        account = await application.store.accounts.create_account("tests", None)
        _, secret = await application.store.accounts.create_key(account.id, "tests", time.time())
        transport = httpx2.ASGITransport(application.app)
        async with AsyncClient(base_url="http://s", api_key=secret, transport=transport, environ={}) as client:
            tools = Tools(client, folder / "videos", budget)
            async with Client(build(tools)) as session:
                yield session
            await tools.close()


async def _call(session: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    response = await session.call_tool(tool, arguments)
    assert not response.is_error, response.content
    result: dict[str, Any] = response.structured_content or {}
    return result


async def _refused(session: Client, tool: str, **arguments: Any) -> str:
    response = await session.call_tool(tool, arguments)
    assert response.is_error
    return getattr(response.content[0], "text", "")


async def test_a_session_cannot_exceed_its_budget(tmp_path: Path) -> None:
    """A reserved cost counts at once; a refused video costs nothing."""
    async with _session(tmp_path, budget=900_000, delay=60.0) as session:
        estimate = await _call(session, "estimate", seconds="8")
        assert (estimate["cost"], estimate["budget_left"]) == ("0.8", "0.9")
        video = await _call(session, "submit_video", prompt="A dog", seconds="8")
        assert "over_budget" in await _refused(session, "submit_video", prompt="A cat", seconds="4")
        assert "Supported values" in await _refused(session, "submit_video", prompt="A cat", seconds="5")
        while (status := (await _call(session, "get_video", video_id=video["id"]))["status"]) == "queued":
            pass  # the session ends with a running video, not with one that is about to start
        assert status == "in_progress"


async def test_a_session_stays_in_its_folder(tmp_path: Path) -> None:
    """No name from an agent reads or writes outside the folder."""
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    async with _session(tmp_path) as session:
        for outside in ("../secret.png", str(tmp_path / "secret.png"), "/etc/passwd"):
            assert "folder" in await _refused(session, "submit_video", prompt="A", input_reference=outside)
        video = await _call(session, "submit_video", prompt="A dog")
        await _call(session, "get_video", video_id=video["id"], wait_seconds=30)
        for name in ("../dog.mp4", "/tmp/dog.mp4", "a/b.mp4", "..", "a\nb"):  # noqa: S108 - refused by the tool
            assert "folder" in await _refused(session, "download", video_id=video["id"], file_name=name)
        await _call(session, "download", video_id=video["id"])
        assert "exists" in await _refused(session, "download", video_id=video["id"])
        assert "video_not_found" in await _refused(session, "get_video", video_id="video_none")


async def test_lists_are_paged(tmp_path: Path) -> None:
    """Newest first, by status, from the end of the previous page."""
    async with _session(tmp_path) as session:
        video_ids = [(await _call(session, "submit_video", prompt=f"Dog {number}"))["id"] for number in range(3)]
        first = await _call(session, "list_videos", limit=2)
        assert [video["id"] for video in first["videos"]] == video_ids[:0:-1]
        rest = await _call(session, "list_videos", limit=2, after=first["next_after"])
        assert [video["id"] for video in rest["videos"]] == video_ids[:1]
        assert "Supported values" in await _refused(session, "list_videos", status="done")
        for video_id in video_ids:
            await _call(session, "get_video", video_id=video_id, wait_seconds=30)
        done = await _call(session, "list_videos", status="completed")
        assert len(done["videos"]) == 3
