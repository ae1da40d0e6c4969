"""The MCP server: names and descriptions of the tools, and errors that an agent can act on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

import filmgate
from filmgate.cli.commands.mcp.tools import MAX_CALL_SECONDS, Tools
from filmgate.errors import FilmgateError

__all__ = ["build", "serve"]

P = ParamSpec("P")

INSTRUCTIONS = """Generates short videos from prompts. Submit a video, poll it until it is completed or failed, \
then download it. A video takes seconds to minutes; get_video can wait up to 40 seconds a call, call it again while \
the status is queued or in_progress. Failed videos cost nothing. Amounts are in the server's units."""

DESCRIPTIONS = {
    "submit_video": """Submit a video and return at once with its id. It may cost money: call estimate first when that \
matters. prompt: what the video shows, in English or Chinese. model, seconds (\"4\", \"8\", …), size (\"1280x720\", \
…): the server's defaults unless given. input_reference: the first frame, as a URL or a file in the session's folder. \
idempotency_key: makes a repeated call safe; the same key never makes two videos.""",
    "get_video": """The status of a video: queued, in_progress, completed or failed, and progress in percent. \
wait_seconds: wait up to that long (40 at most) for the video to finish.""",
    "list_videos": """The account's videos, newest first. status: filter by status. after: the next_after of the \
previous page.""",
    "estimate": """What a video would cost and how long it would take, and what is left of this session's budget. \
Submits nothing.""",
    "download": """Save a completed video in the session's folder; returns its path. If saved is false, the download \
continues: call again. file_name: its name there, without a folder.""",
}


def build(tools: Tools) -> MCPServer[Any]:
    """Return the MCP server of one session."""
    server: MCPServer[Any] = MCPServer(
        name="filmgate", version=filmgate.__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    for name, description in DESCRIPTIONS.items():
        server.add_tool(
            _tool_call(getattr(tools, name)),
            name=name,
            description=description,
            structured_output=True,
            annotations=ToolAnnotations(
                read_only_hint=name in {"get_video", "list_videos", "estimate"},
                destructive_hint=False,
                idempotent_hint=name != "submit_video",
                open_world_hint=True,
            ),
        )
    return server


async def serve(tools: Tools) -> None:
    """Serve over standard input and output until input ends."""
    await build(tools).run_stdio_async()


def _tool_call(call: Callable[P, Awaitable[dict[str, Any]]]) -> Callable[P, Awaitable[dict[str, Any]]]:
    """Wrap a tool: limit its time, and turn its errors into messages."""

    @wraps(call)
    async def within(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            async with asyncio.timeout(MAX_CALL_SECONDS):
                return await call(*args, **kwargs)
        except TimeoutError as error:
            raise ToolError("The server did not respond in time. Nothing is lost: check with list_videos.") from error
        except (FilmgateError, OSError) as error:
            raise ToolError(_error_text(error)) from error

    return within


def _error_text(error: FilmgateError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    facts = [f"{name}: {value}" for name in ("code", "param", "video_id") if (value := getattr(error, name, None))]
    return f"{error.message} ({', '.join(facts)})" if facts else error.message
