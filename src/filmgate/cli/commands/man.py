"""``filmgate man``: the manual page, generated from the command tree, so that it is never out of date."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

import filmgate
from filmgate.cli.command import Command, RootGroup, is_shared_option
from filmgate.cli.context import CliContext
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.texts import Texts
from filmgate.client.endpoint import API_KEY_VARIABLES, BASE_URL_VARIABLES
from filmgate.errors import MissingExtra

__all__ = ["commands", "page"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    return {"man": Command("man", text, _man)}


async def _man(context: CliContext) -> None:
    context.print_out(page(context.text))


def page(text: Texts) -> str:
    """Return the manual page in roff format."""
    tree = RootGroup(text)
    ctx = click.Context(tree, info_name="filmgate")
    return "\n".join(_lines(tree, ctx, text))


def _lines(tree: RootGroup, ctx: click.Context, text: Texts) -> Iterator[str]:
    yield f'.TH FILMGATE 1 "" "Filmgate {filmgate.__version__}"'
    yield from (_section(text("man.name")), f"filmgate \\- {_escape(text('filmgate.short'))}")
    yield from (_section(text("man.synopsis")), ".B filmgate", _escape(text("help.command")))
    yield from (_section(text("man.description")), *_prose(text("filmgate.help")))
    yield _section(text("help.commands"))
    for name in tree.list_commands(ctx):
        try:
            if command := tree.get_command(ctx, name):
                yield from _command(command, f"filmgate {name}", ctx)
        except MissingExtra as missing:
            yield from (f'.SS "{_escape(f"filmgate {name}")}"', *_prose(text(f"{name}.help")))
            yield from (".PP", _escape(missing.message))
    yield from (_section(text("help.shared")), *_options(tree, ctx))
    yield from (_section(text("man.environment")), *_environment(text))
    yield _section(text("man.exit"))
    for code in ExitCode:
        yield from (".TP", f"\\fB{code.value}\\fR", _escape(text(f"exit.{code.name.lower()}")))


def _command(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    ctx = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield from (f'.SS "{_escape(f"{path} {usage}")}"', *_prose(command.help or ""), *_own_options(command, ctx))
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            if child := command.get_command(ctx, name):
                yield from _command(child, f"{path} {name}", ctx)


def _own_options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """Yield the command's own options; ``--help`` is listed once, with the common options."""
    for param in command.get_params(ctx):
        if not is_shared_option(param.name) and param.name != "help":
            yield from _option(param, ctx)


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    for param in command.get_params(ctx):
        yield from _option(param, ctx)


def _option(param: click.Parameter, ctx: click.Context) -> Iterator[str]:
    record = param.get_help_record(ctx)
    if record and record[1]:
        yield from (".TP", f"\\fB{_escape(record[0])}\\fR", _escape(record[1]))


def _environment(text: Texts) -> Iterator[str]:
    for names, about in ((BASE_URL_VARIABLES, "option.base_url"), (API_KEY_VARIABLES, "option.api_key")):
        yield from (".TP", f"\\fB{', '.join(names)}\\fR", _escape(text(about)))
    yield from (".TP", "\\fBFILMGATE_PROFILE\\fR", _escape(text("option.profile")))
    yield from (".TP", "\\fBFILMGATE_PROVIDER\\fR", _escape(text("option.provider")))
    yield from (".TP", "\\fBFILMGATE_CONFIG\\fR", _escape(text("option.config")))


def _prose(help_text: str) -> Iterator[str]:
    """Yield the paragraphs; one that begins with a backspace is not wrapped."""
    for paragraph in help_text.strip().split("\n\n"):
        if paragraph.startswith("\b"):
            yield from (".PP", ".nf", *map(_escape, paragraph[1:].strip("\n").splitlines()), ".fi")
        else:
            yield from (".PP", _escape(" ".join(paragraph.split())))


def _section(title: str) -> str:
    return f'.SH "{_escape(title.strip(" :："))}"'


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return re.sub(r"^(?=[.'])", "\\\\&", escaped)
