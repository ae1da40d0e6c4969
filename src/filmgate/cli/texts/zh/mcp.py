"""Texts of the MCP server for agents."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mcp.short": "以 MCP 工具的形式向智能体提供 API。",
    "mcp.help": "通过标准输入输出，以五个 MCP 工具向智能体提供 API："
    "submit_video、get_video、list_videos、estimate、download。\n\n"
    "每次调用不超过 45 秒。智能体只能在一个目录里读写文件。\n\n"
    "\b\n示例：\n  filmgate mcp --out videos\n"
    "  filmgate mcp --base-url http://127.0.0.1:8000 --budget 5\n",
    "mcp.budget": "本次会话最多可花费的单位数；超出的提交会被拒绝。",
    "mcp.out": "保存视频、读取图片的目录；默认为当前目录。",
}
