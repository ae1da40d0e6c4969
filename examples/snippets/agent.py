"""A minimal MCP host: the official MCP client starts `filmgate mcp` and makes a video."""

import asyncio

from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(
    command="filmgate",
    args=["mcp", "--base-url", "http://127.0.0.1:8000", "--api-key", "fg-…", "--out", ".", "--budget", "5"],
)


async def main() -> None:
    """Submit, wait, download."""
    async with Client(SERVER) as session:
        video = (await session.call_tool("submit_video", {"prompt": "A dog runs on a beach"})).structured_content
        while video["status"] not in ("completed", "failed"):
            result = await session.call_tool("get_video", {"video_id": video["id"], "wait_seconds": 40})
            video = result.structured_content
        saved = await session.call_tool("download", {"video_id": video["id"], "file_name": "dog.mp4"})
        print(saved.structured_content["path"])


asyncio.run(main())
