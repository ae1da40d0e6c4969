"""What people read, in their language: a catalogue each, looked up by name."""

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
        """The text of that name, with the values in their places."""
        text = self._texts[name]
        return text.format(**values) if values else text

    def include(self, package: str) -> None:
        """Add the texts of another package: ``TEXTS`` of its modules named after the languages."""
        self._texts.update(importlib.import_module(f"{package}.{self.language}").TEXTS)

    def seconds(self, seconds: float) -> str:
        """A length of time, as people say it: ``40 s``, ``3 min 20 s``."""
        whole = max(0, round(seconds))
        if whole < 60:  # noqa: PLR2004 - a minute
            return self("time.seconds", s=whole)
        return self("time.minutes", m=whole // 60, s=whole % 60)

    def usage(self, error: click.ClickException) -> str:
        """What was wrong with the command line."""
        match error:
            case click.NoSuchOption():
                return self("usage.no_such_option", name=error.option_name)
            case click.MissingParameter(param=click.Parameter() as param):
                return self("usage.missing", name=param.human_readable_name)
            case click.BadParameter(param=click.Parameter() as param):
                return self("usage.bad", name=param.human_readable_name, message=error.message)
        return error.format_message()
