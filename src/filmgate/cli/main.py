"""The entry point: runs a command, reports every error in one way and returns an exit code."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence

import click

from filmgate.cli.command import RootGroup
from filmgate.cli.context import COMPLETION_VARIABLE, CliContext, SharedOptions
from filmgate.cli.environment import Environment
from filmgate.cli.exit_codes import ExitCode, exit_and_hint
from filmgate.cli.texts import LANGUAGES, Texts
from filmgate.errors import FilmgateError

__all__ = ["run"]

MIN_WIDTH, MAX_WIDTH = 32, 80
"""Limits of the width of help pages, in columns."""


def run(arguments: Sequence[str], env: Environment) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the command line after ``filmgate``.
        env: streams, environment variables and clock of the process.
    """
    texts = Texts(_language(arguments, env))
    frame = CliContext(env, texts, SharedOptions(format="json" if _wants_json(arguments) else "auto"))
    try:
        code = _run_tree(arguments, frame)
        env.stdout.flush()
        return int(code or ExitCode.OK)
    except click.exceptions.Exit as early_exit:
        return early_exit.exit_code
    except click.ClickException as error:
        return _on_usage_error(error, frame)
    except (KeyboardInterrupt, click.Abort):
        return _on_interrupt(frame)
    except BrokenPipeError:
        return _on_broken_pipe(frame)
    except (FilmgateError, OSError) as error:
        return _on_error(error, frame)


def _run_tree(arguments: Sequence[str], context: CliContext) -> int | None:
    tree = RootGroup(context.text)
    if COMPLETION_VARIABLE in context.env.environ:
        from filmgate.cli.commands import completion  # noqa: PLC0415 - only a shell's Tab needs it

        return completion.complete(tree, context.env, context)
    width = (
        max(MIN_WIDTH, min(shutil.get_terminal_size().columns, MAX_WIDTH)) - 2
    )  # Click's own width is never below 50
    code: int | None = tree.main(
        list(arguments), prog_name="filmgate", standalone_mode=False, obj=context, terminal_width=width
    )
    return code


def _on_error(error: FilmgateError | OSError, context: CliContext) -> int:
    code, hint = exit_and_hint(error)
    context.print_error(error, hint)
    return code


def _on_usage_error(error: click.ClickException, cli_context: CliContext) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "filmgate"
    if cli_context.structured:
        cli_context.print_json({"error": {"message": error.format_message(), "code": "usage"}})
    else:
        cli_context.print_err(cli_context.text("error.line", message=cli_context.text.usage(error)))
        cli_context.print_err(cli_context.text("hint.usage", command=command))
    return ExitCode.USAGE


def _on_interrupt(context: CliContext) -> int:
    context.print_err("")
    for line in context.interrupt_hints:
        context.print_err(line)
    return ExitCode.INTERRUPTED


def _on_broken_pipe(context: CliContext) -> int:
    # The reader closed the pipe (``| head``): that is no error. Discard the rest.
    os.dup2(os.open(os.devnull, os.O_WRONLY), context.env.stdout.fileno())
    return ExitCode.OK


def _language(arguments: Sequence[str], env: Environment) -> str:
    """Return the language. It is needed before the command line is parsed: the help texts depend on it."""
    for option, value in _argument_pairs(arguments):
        name, _, inline = option.partition("=")
        if name == "--lang" and (inline or value) in LANGUAGES:
            return inline or value
    return env.language


def _wants_json(arguments: Sequence[str]) -> bool:
    return any(
        option.startswith("--format=json") or (option == "--format" and value.startswith("json"))
        for option, value in _argument_pairs(arguments)
    )


def _argument_pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each argument with the one after it."""
    return itertools.pairwise([*arguments, ""])
