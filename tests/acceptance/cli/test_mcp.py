"""The MCP tools over standard input and output, called by the official MCP client."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from mcp import Client, StdioServerParameters

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
[models.sora-2]
engine = "testcard"
price = { default = 100_000 }

[models.sora-2-pro]
engine = "testcard"
price = { default = 500_000 }
"""


async def _call(session: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    response = await session.call_tool(tool, arguments)
    assert not response.is_error, response.content
    result: dict[str, Any] = response.structured_content or {}
    return result


async def test_an_agent_generates_a_video_over_stdio(tmp_path: Path) -> None:
    """The real command as hosts of agents run it: five tools, a video from a prompt to its folder."""
    models = tmp_path / "models.toml"
    models.write_text(MODELS, encoding="utf-8")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "filmgate", "mcp", "--out", str(tmp_path / "videos"), "--budget", "1"],
        env={**os.environ, "FILMGATE_MODELS": str(models), "FILMGATE_DATA": str(tmp_path / "data")},
    )
    async with Client(server, read_timeout_seconds=60) as session:
        tools = {tool.name for tool in (await session.list_tools()).tools}
        assert tools == {"submit_video", "get_video", "list_videos", "estimate", "download"}
        video = await _call(session, "submit_video", prompt="一只猫", seconds="4")
        assert (video["cost"], video["budget_left"]) == ("0.4", "0.6")
        done = await _call(session, "get_video", video_id=video["id"], wait_seconds=40)
        assert (done["status"], done["progress"]) == ("completed", 100)
        saved = await _call(session, "download", video_id=video["id"], file_name="cat")
        assert saved["saved"]
    path = tmp_path / "videos" / "cat.mp4"
    assert saved["path"] == str(path)
    assert path.read_bytes()[4:8] == b"ftyp"
