"""The command line's outermost frame: arguments in, an exit code out, every error told in one way."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence

import click

from filmgate.cli.command import Filmgate
from filmgate.cli.context import COMPLETION, Frame, Options
from filmgate.cli.environment import Environment
from filmgate.cli.exit_codes import Exit, verdict
from filmgate.cli.texts import LANGUAGES, Texts
from filmgate.errors import FilmgateError

__all__ = ["run"]

NARROWEST, WIDEST = 32, 80
"""Columns that help is written in."""


def run(arguments: Sequence[str], env: Environment) -> int:
    """Run one command.

    Args:
        arguments: what follows ``filmgate`` on the command line.
        env: the process it runs in.
    """
    texts = Texts(_language(arguments, env))
    frame = Frame(env, texts, Options(format="json" if _wants_json(arguments) else "auto"))
    try:
        code = _main(arguments, frame)
        env.stdout.flush()
        return int(code or Exit.OK)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        return _misused(error, frame)
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(frame)
    except BrokenPipeError:
        return _unread(frame)
    except (FilmgateError, OSError) as error:
        return _failed(error, frame)


def _main(arguments: Sequence[str], frame: Frame) -> int | None:
    tree = Filmgate(frame.text)
    if COMPLETION in frame.env.environ:
        from filmgate.cli.commands import completion  # noqa: PLC0415 - only a shell's Tab needs it

        return completion.complete(tree, frame.env, frame)
    width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST)) - 2  # Click's own is never below 50
    code: int | None = tree.main(
        list(arguments), prog_name="filmgate", standalone_mode=False, obj=frame, terminal_width=width
    )
    return code


def _failed(error: FilmgateError | OSError, frame: Frame) -> int:
    code, mend = verdict(error)
    frame.complain(error, mend)
    return code


def _misused(error: click.ClickException, frame: Frame) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "filmgate"
    if frame.structured:
        frame.dump({"error": {"message": error.format_message(), "code": "usage"}})
    else:
        frame.say(frame.text("error.line", message=frame.text.usage(error)))
        frame.say(frame.text("mend.usage", command=command))
    return Exit.USAGE


def _interrupted(frame: Frame) -> int:
    frame.say("")
    for line in frame.parting:
        frame.say(line)
    return Exit.INTERRUPTED


def _unread(frame: Frame) -> int:
    # Whoever read our results has left: that is their right, and writing on is pointless.
    os.dup2(os.open(os.devnull, os.O_WRONLY), frame.env.stdout.fileno())
    return Exit.OK


def _language(arguments: Sequence[str], env: Environment) -> str:
    """The language, needed before the command line can be parsed: its help is in it."""
    for option, value in _pairs(arguments):
        name, _, inline = option.partition("=")
        if name == "--lang" and (inline or value) in LANGUAGES:
            return inline or value
    return env.language


def _wants_json(arguments: Sequence[str]) -> bool:
    return any(
        option.startswith("--format=json") or (option == "--format" and value.startswith("json"))
        for option, value in _pairs(arguments)
    )


def _pairs(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each argument and the one after it."""
    return itertools.pairwise([*arguments, ""])
