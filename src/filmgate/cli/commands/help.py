"""``filmgate help``: the help of a command, or the options of every command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from filmgate.cli.command import OPTIONS_TOPIC, Command, RootGroup
from filmgate.cli.context import CliContext
from filmgate.cli.texts import Texts

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    topic = click.Argument(["topic"], nargs=-1, metavar=text("metavar.topic"), shell_complete=_complete_topic)
    return {"help": Command("help", text, _help, [topic])}


async def _help(context: CliContext, topic: Sequence[str]) -> None:
    root = click.get_current_context().find_root()
    if tuple(topic) == (OPTIONS_TOPIC,):
        context.print_out(RootGroup(context.text).options_help(root))
        return
    context.print_out(_find(root, topic).get_help())


def _find(root: click.Context, names: Sequence[str]) -> click.Context:
    """Return the context of the command with this path of names.

    Raises:
        NoSuchCommand: a name is not a command of the group before it.
    """
    ctx = root
    for name in names:
        command = ctx.command.get_command(ctx, name) if isinstance(ctx.command, click.Group) else None
        if command is None:
            raise click.exceptions.NoSuchCommand(name, ctx=ctx)
        ctx = click.Context(command, info_name=name, parent=ctx)
    return ctx


def _complete_topic(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the next name of a command's path; the first may also be ``options``."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell's Tab needs it

    root, names = ctx.find_root(), ctx.params.get("topic") or ()
    try:
        group = _find(root, names)
    except click.ClickException:
        return []
    if not isinstance(group.command, click.Group):
        return []
    items = group.command.shell_complete(group, incomplete)
    if not names and OPTIONS_TOPIC.startswith(incomplete):
        items.append(CompletionItem(OPTIONS_TOPIC))
    return items
