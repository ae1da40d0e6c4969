"""The command tree: loads each command on demand and localises its help."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from filmgate.cli import plugins
from filmgate.cli.context import CliContext, merge_shared_options
from filmgate.cli.extras import ADMIN_COMMANDS, PACKAGED, installed
from filmgate.cli.terminal_text import display_width, wrap
from filmgate.cli.texts import LANGUAGES, Texts
from filmgate.errors import MissingExtra
from filmgate.wire.providers import PROVIDERS

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["COMMANDS", "OPTIONS_TOPIC", "Command", "CommandGroup", "RootGroup", "is_shared_option"]

COMMANDS = {
    "generate": "filmgate.cli.commands.generate",
    "submit": "filmgate.cli.commands.submit",
    "remix": "filmgate.cli.commands.revise",
    "edit": "filmgate.cli.commands.revise",
    "extend": "filmgate.cli.commands.revise",
    "batch": "filmgate.cli.commands.batch",
    "story": "filmgate.cli.commands.story",
    "mcp": "filmgate.cli.commands.mcp",
    "serve": "filmgate.cli.commands.serve",
    "list": "filmgate.cli.commands.videos",
    "show": "filmgate.cli.commands.videos",
    "watch": "filmgate.cli.commands.watch",
    "download": "filmgate.cli.commands.watch",
    "cancel": "filmgate.cli.commands.videos",
    "delete": "filmgate.cli.commands.videos",
    "models": "filmgate.cli.commands.videos",
    "config": "filmgate.cli.commands.config",
    "keys": "filmgate.cli.commands.keys",
    "accounts": "filmgate.cli.commands.billing",
    "usage": "filmgate.cli.commands.billing",
    "ledger": "filmgate.cli.commands.billing",
    "webhooks": "filmgate.cli.commands.billing",
    "doctor": "filmgate.cli.commands.doctor",
    "jobs": "filmgate.cli.commands.jobs",
    "worker": "filmgate.cli.commands.worker",
    "backup": "filmgate.cli.commands.backup",
    "restore": "filmgate.cli.commands.backup",
    "gc": "filmgate.cli.commands.backup",
    "migrate": "filmgate.cli.commands.backup",
    "mock": "filmgate.cli.commands.mock",
    "help": "filmgate.cli.commands.help",
    "completion": "filmgate.cli.commands.completion",
    "man": "filmgate.cli.commands.man",
}
"""Module of each command, in the order of the help page."""

OPTIONS_TOPIC = "options"
"""The topic of ``filmgate help`` that lists the options of every command."""

_SHARED_OPTIONS = ("profile", "base_url", "api_key", "provider", "config", "data", "format", "quiet", "lang")

CommandHandler = Callable[..., Coroutine[Any, Any, int | None]]
"""Runs a command: takes the context and its own parameters, returns an exit code; None means success."""


class _Localized:
    """Localised help pages; Click's own headings are English."""

    text: Texts

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]  # provided by the Click class
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=self.text("help.usage"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help text, wrapped by terminal cells; a paragraph that begins with a backspace stays as it is."""
        del ctx
        formatter.indent()
        for paragraph in (self.help or "").split("\n\n"):  # type: ignore[attr-defined]  # the same
            indent = " " * formatter.current_indent
            lines = paragraph.splitlines()
            if lines[:1] != ["\b"]:
                lines = ["", *wrap(" ".join(lines), formatter.width - formatter.current_indent)]
            formatter.write("".join(f"{indent}{line}".rstrip() + "\n" for line in ["", *lines[1:]]))
        formatter.dedent()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, and one line that points to those of every command."""
        _write_section(formatter, self.text("help.options"), self.option_rows(ctx, shared=False))
        formatter.write_paragraph()
        for line in wrap(self.text("help.shared_line"), formatter.width):
            formatter.write(f"{line}\n")

    def option_rows(self, ctx: click.Context, *, shared: bool) -> list[tuple[str, str]]:
        """Return each option and its text: those of every command, or the command's own."""
        params: list[click.Parameter] = self.get_params(ctx)  # type: ignore[attr-defined]  # provided by the Click class
        records = (param.get_help_record(ctx) for param in params if is_shared_option(param.name) == shared)
        return [record for record in records if record and record[1]]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help`` with a localised text."""
        option: click.Option | None = super().get_help_option(ctx)  # type: ignore[misc]  # provided by the Click class
        if option is not None:
            option.help = self.text("option.help")
        return option


class Command(_Localized, click.Command):
    """One command.

    Args:
        name: as typed.
        text: the catalogue of texts.
        run: the handler.
        params: its own options and arguments.
        key: prefix of its texts ``{key}.help`` and ``{key}.short``. Default: the name.
        long_running: whether it runs for days: then uvloop is worth its import time.
    """

    def __init__(
        self,
        name: str,
        text: Texts,
        run: CommandHandler,
        params: Sequence[click.Parameter] = (),
        *,
        key: str | None = None,
        long_running: bool = False,
    ) -> None:
        self.text = text
        key = key or name
        super().__init__(
            name,
            params=[*params, *_shared_options(text)],
            help=text(f"{key}.help"),
            short_help=text(f"{key}.short"),
            options_metavar=text("help.options_metavar"),
        )
        self._run = run
        self._long_running = long_running

    def invoke(self, ctx: click.Context) -> int | None:
        """Run the handler in a new event loop."""
        import asyncio  # noqa: PLC0415 - help needs no event loop

        context = ctx.find_object(CliContext)
        if context is None:
            raise TypeError("the Click context has no CliContext")
        command = ctx.command_path.split()[1]
        context.options = merge_shared_options(ctx, context.options)
        context.is_admin = command in ADMIN_COMMANDS
        arguments = {name: value for name, value in ctx.params.items() if name not in _SHARED_OPTIONS}
        with (
            installed(command, context.text),
            asyncio.Runner(loop_factory=_uvloop_factory() if self._long_running else None) as runner,
        ):
            return runner.run(self._run(context, **arguments))


class CommandGroup(_Localized, click.Group):
    """A group of commands."""

    def __init__(self, name: str, text: Texts, commands: Sequence[click.Command], key: str) -> None:
        self.text = text
        super().__init__(
            name,
            commands=commands,
            params=_shared_options(text),
            help=text(f"{key}.help"),
            short_help=text(f"{key}.short"),
            options_metavar=text("help.options_metavar"),
            subcommand_metavar=text("help.command"),
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, one line each."""
        rows = [(name, self.short_help_of(ctx, name)) for name in self.list_commands(ctx)]
        _write_section(formatter, self.text("help.commands"), rows)

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """Return the one-line help of a command."""
        command = self.get_command(ctx, name)
        return command.get_short_help_str(100) if command else ""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: readers look for them."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)


class RootGroup(CommandGroup):
    """The root of the command tree."""

    def __init__(self, text: Texts) -> None:
        super().__init__("filmgate", text, [], "filmgate")
        self.params.append(
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_version,
                help=text("option.version"),
            )
        )

    def options_help(self, ctx: click.Context) -> str:
        """Return the help page of the options that every command takes."""
        formatter = ctx.make_formatter()
        _write_section(formatter, self.text("help.shared"), self.option_rows(ctx, shared=True))
        formatter.write_paragraph()
        for line in wrap(self.text("help.shared_place"), formatter.width):
            formatter.write(f"{line}\n")
        return formatter.getvalue().strip("\n")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of ``COMMANDS`` in order, then those of plugins."""
        del ctx
        return [*COMMANDS, *self._plugins]

    @cached_property
    def _plugins(self) -> dict[str, str]:
        """Commands of plugins by name; searched for only when ``COMMANDS`` does not have the answer."""
        return {name: target for name, target in plugins.find(plugins.COMMANDS).items() if name not in COMMANDS}

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """Return the one-line help of a command, without loading the modules of ``COMMANDS``."""
        if name in COMMANDS:
            return self.text(f"{name}.short")
        try:
            return super().short_help_of(ctx, name)
        except ImportError as error:  # a broken plugin must not break the help page
            return self.text("plugin.broken", reason=error)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names without loading the modules of ``COMMANDS``; options as Click does."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell's Tab needs it

        names = (name for name in self.list_commands(ctx) if name.startswith(incomplete))
        return [CompletionItem(name, help=self.short_help_of(ctx, name)) for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command.

        Raises:
            MissingExtra: the command needs an extra that is not installed.
        """
        del ctx
        if cmd_name in COMMANDS:
            with installed(cmd_name, self.text):
                command: click.Command = importlib.import_module(COMMANDS[cmd_name]).commands(self.text)[cmd_name]
            return command
        if cmd_name in self._plugins:
            return plugins.command(cmd_name, self._plugins[cmd_name], self.text)
        if cmd_name in PACKAGED:
            raise MissingExtra(self.text(f"extra.{PACKAGED[cmd_name]}", command=cmd_name))
        return None


def _uvloop_factory() -> Callable[[], AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - see Command.long_running
    except ModuleNotFoundError:  # uvloop does not support Windows
        return None
    return uvloop.new_event_loop


def _write_section(formatter: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    formatter.indent()
    _write_rows(formatter, rows)
    formatter.dedent()


def _write_rows(formatter: click.HelpFormatter, rows: Sequence[tuple[str, str]]) -> None:
    """Write two columns, measured in terminal cells: Click counts characters, and Chinese ones are two cells wide."""
    name_width = min(30, formatter.width // 3, max(display_width(name) for name, _ in rows)) + 2
    indent = " " * formatter.current_indent
    text_width = max(formatter.width - formatter.current_indent - name_width, 20)
    for name, text in rows:
        first, *others = wrap(text, text_width)
        head = (
            name + " " * (name_width - display_width(name))
            if display_width(name) + 2 <= name_width
            else f"{name}\n{indent}{' ' * name_width}"
        )
        formatter.write(f"{indent}{head}{first}\n")
        for line in others:
            formatter.write(f"{indent}{' ' * name_width}{line}\n")


def _shared_options(text: Texts) -> list[click.Parameter]:
    formats = click.Choice(["auto", "human", "json", "jsonl", "quiet"])
    path = click.Path(path_type=Path)
    return [
        click.Option(["--profile"], metavar="NAME", help=text("option.profile"), shell_complete=_profiles),
        click.Option(["--base-url"], metavar="URL", help=text("option.base_url")),
        click.Option(["--api-key"], metavar=text("metavar.key"), help=text("option.api_key")),
        click.Option(["--provider"], type=click.Choice(PROVIDERS), help=text("option.provider")),
        click.Option(["--config"], metavar=text("metavar.file"), type=path, help=text("option.config")),
        click.Option(["--data"], metavar=text("metavar.folder"), type=path, help=text("option.data")),
        click.Option(["--format"], type=formats, help=text("option.format")),
        click.Option(["-q", "--quiet"], is_flag=True, help=text("option.quiet")),
        click.Option(["--lang"], type=click.Choice(LANGUAGES), help=text("option.lang")),
    ]


def _profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from filmgate.cli import completers  # noqa: PLC0415 - only a shell's Tab needs it

    return completers.complete_profiles(ctx, param, incomplete)


def is_shared_option(name: str | None) -> bool:
    """Whether every command takes this option; ``--help`` is listed with each command's own."""
    return name in _SHARED_OPTIONS


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - Click's signature
    if value:
        import filmgate  # noqa: PLC0415 - the version number costs more than the rest of the help

        ctx.find_object(CliContext).print_out(f"filmgate {filmgate.__version__}")  # type: ignore[union-attr]  # set by run()
        ctx.exit()
