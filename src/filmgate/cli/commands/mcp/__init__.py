"""``filmgate mcp``: the API as five MCP tools over standard input and output."""

from __future__ import annotations

from pathlib import Path

import click

from filmgate.cli.command import Command
from filmgate.cli.context import CliContext
from filmgate.cli.texts import Texts
from filmgate.cli.units import AmountParamType

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    params = [
        click.Option(["--budget"], type=AmountParamType(text), metavar=text("metavar.amount"), help=text("mcp.budget")),
        click.Option(
            ["--out"],
            type=click.Path(path_type=Path, file_okay=False),
            metavar=text("metavar.folder"),
            default=Path(),
            help=text("mcp.out"),
        ),
    ]
    return {"mcp": Command("mcp", text, _mcp, params)}


async def _mcp(context: CliContext, budget: int | None, out: Path) -> None:
    from filmgate.cli.commands.mcp.server import serve  # noqa: PLC0415 - an extra that may not be installed
    from filmgate.cli.commands.mcp.tools import Tools  # noqa: PLC0415 - what only this command needs

    async with context.client(run_engine=True) as client:
        tools = Tools(client, out, budget)
        try:
            await serve(tools)
        finally:
            await tools.close()
