"""The tools as an MCP server: names, words for agents, and errors that an agent can act upon."""

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

INSTRUCTIONS = """Makes short films from prompts. Submit a video, look at it until its status is completed or failed, \
then download it. A video takes seconds to minutes; get_video can wait up to 40 seconds a call, call it again while \
the status is queued or in_progress. Failed videos cost nothing. Amounts are in the server's units."""

DESCRIPTIONS = {
    "submit_video": """Begin a video and return at once with its id. It may cost money: call estimate first when that \
matters. prompt: what is seen, in English or Chinese. model, seconds (\"4\", \"8\", …), size (\"1280x720\", …): the \
server's defaults unless given. input_reference: the first frame, as a URL or a file in the session's folder. \
idempotency_key: give one to be able to repeat the call safely; the same key never makes two videos.""",
    "get_video": """How a video stands: status queued, in_progress, completed or failed, and progress in percent. \
wait_seconds: wait up to that long (40 at most) for its end before answering.""",
    "list_videos": """The account's videos, newest first. status: only those. after: the next_after of the page \
before.""",
    "estimate": """What a video would cost and how long it would take, and what is left of this session's budget. \
Begins nothing.""",
    "download": """Save a completed video in the session's folder; returns its path. If saved is false, the download \
goes on: call again. file_name: its name there, without any folder.""",
}


def build(tools: Tools) -> MCPServer[Any]:
    """The server of one session."""
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
    """Answer over standard input and output until it closes."""
    await build(tools).run_stdio_async()


def _tool_call(call: Callable[P, Awaitable[dict[str, Any]]]) -> Callable[P, Awaitable[dict[str, Any]]]:
    """The same call within its time, its errors in words."""

    @wraps(call)
    async def within(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            async with asyncio.timeout(MAX_CALL_SECONDS):
                return await call(*args, **kwargs)
        except TimeoutError as error:
            raise ToolError(
                "The server did not answer in time. Nothing is lost: look again with list_videos."
            ) from error
        except (FilmgateError, OSError) as error:
            raise ToolError(_error_text(error)) from error

    return within


def _error_text(error: FilmgateError | OSError) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    facts = [f"{name}: {value}" for name in ("code", "param", "video_id") if (value := getattr(error, name, None))]
    return f"{error.message} ({', '.join(facts)})" if facts else error.message
