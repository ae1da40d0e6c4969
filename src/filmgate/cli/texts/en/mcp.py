"""Texts of the MCP server for agents."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mcp.short": "Serve the API to agents as MCP tools.",
    "mcp.help": "Serve the API to an agent as five MCP tools over standard input and output: "
    "submit_video, get_video, list_videos, estimate, download.\n\n"
    "No call takes longer than 45 seconds. The agent reads and writes files in one folder only.\n\n"
    "\b\nExamples:\n  filmgate mcp --out videos\n"
    "  filmgate mcp --base-url http://127.0.0.1:8000 --budget 5\n",
    "mcp.budget": "Units that this session may spend; further submissions are refused.",
    "mcp.out": "Folder to save videos to and read images from. Default: the current folder.",
}
