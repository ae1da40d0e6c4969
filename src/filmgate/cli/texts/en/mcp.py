"""The server for agents."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mcp.short": "Give agents the API as tools.",
    "mcp.help": "Serve the API to an agent as five MCP tools over standard input and output: "
    "submit_video, get_video, list_videos, estimate, download.\n\n"
    "No call takes longer than 45 seconds. The agent reads and writes files in one folder only.\n\n"
    "\b\nExamples:\n  filmgate mcp --out films\n"
    "  filmgate mcp --base-url http://127.0.0.1:8000 --budget 5\n",
    "mcp.budget": "Units that this session may spend; refused beyond.",
    "mcp.out": "Where films are saved and pictures are read; this folder unless given.",
}
