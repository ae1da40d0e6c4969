"""The server for agents."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "mcp.short": "让智能体以工具方式使用此 API。",
    "mcp.help": "通过标准输入输出，以五个 MCP 工具向智能体提供此 API："
    "submit_video、get_video、list_videos、estimate、download。\n\n"
    "每次调用不超过 45 秒。智能体只能在一个文件夹里读写文件。\n\n"
    "\b\n示例：\n  filmgate mcp --out films\n"
    "  filmgate mcp --base-url http://127.0.0.1:8000 --budget 5\n",
    "mcp.budget": "本次会话最多可花的单位数；超出即拒绝。",
    "mcp.out": "影片保存与图片读取的文件夹；默认为当前文件夹。",
}
