"""Catalogues of the texts that users read, one a language, looked up by name."""

from __future__ import annotations

import importlib

import click

__all__ = ["LANGUAGES", "Texts"]

LANGUAGES = ("en", "zh")


class Texts:
    """The catalogue of one language.

    Args:
        language: one of ``LANGUAGES``.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts: dict[str, str] = dict(importlib.import_module(f"filmgate.cli.texts.{language}").TEXTS)

    def __call__(self, name: str, /, **values: object) -> str:
        """Return the text with this name, with the values filled in."""
        text = self._texts[name]
        return text.format(**values) if values else text

    def include(self, package: str) -> None:
        """Add the texts of another package: ``TEXTS`` in its module named after the language."""
        self._texts.update(importlib.import_module(f"{package}.{self.language}").TEXTS)

    def seconds(self, seconds: float) -> str:
        """Format a duration: ``40 s``, ``3 min 20 s``."""
        rounded = max(0, round(seconds))
        if rounded < 60:  # noqa: PLR2004 - a minute
            return self("time.seconds", s=rounded)
        return self("time.minutes", m=rounded // 60, s=rounded % 60)

    def usage(self, error: click.ClickException) -> str:
        """Return a localised message for an error of the command line."""
        match error:
            case click.UsageError(message="Missing command."):
                return self("usage.missing_command")
            case click.NoSuchCommand():
                return self("usage.no_such_command", name=error.command_name)
            case click.NoSuchOption():
                return self("usage.no_such_option", name=error.option_name)
            case click.MissingParameter(param=click.Parameter() as param):
                return self("usage.missing", name=param.human_readable_name)
            case click.BadParameter(param=click.Parameter() as param):
                return self("usage.bad", name=param.human_readable_name, message=error.message)
        return error.format_message()
