"""``filmgate completion``: shell completion of commands, options, profiles and ids."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import click
from click.shell_completion import get_completion_class

from filmgate.cli.command import Command
from filmgate.cli.context import COMPLETION_VARIABLE, CliContext
from filmgate.cli.environment import Environment
from filmgate.cli.texts import Texts
from filmgate.errors import MissingExtra

__all__ = ["commands", "complete"]

SHELLS = ("bash", "zsh", "fish")


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    shell = click.Argument(["shell"], type=click.Choice(SHELLS), metavar="|".join(SHELLS))
    return {"completion": Command("completion", text, _completion, [shell])}


async def _completion(context: CliContext, *, shell: str) -> None:
    context.print_out(_completer(click.Command("filmgate"), shell, context).source())


def complete(tree: click.Command, env: Environment, context: CliContext) -> int:
    """Print the completions that a shell asks for, one a line; return the exit code."""
    shell = env.environ[COMPLETION_VARIABLE].partition("_")[0]
    with suppress(MissingExtra):  # reported when the command runs
        if shell in SHELLS and (completions := _completer(tree, shell, context).complete()):
            context.print_out(completions)
    return 0


def _completer(tree: click.Command, shell: str, context: CliContext) -> _Completer:
    completer: Callable[..., _Completer] | None = get_completion_class(shell)
    if completer is None:
        raise ValueError(shell)
    return completer(tree, {"obj": context}, "filmgate", COMPLETION_VARIABLE)


_Completer = click.shell_completion.ShellComplete
