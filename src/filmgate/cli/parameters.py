"""The parameter type of ``--param NAME=VALUE``: what only some engines take."""

from __future__ import annotations

import click

from filmgate.cli.texts import Texts
from filmgate.domain import PARAMETER_RANGES

__all__ = ["EngineParamType"]


class EngineParamType(click.ParamType[tuple[str, str]]):
    """A parameter of the API and its value, as the server reads it."""

    name = "parameter"

    def __init__(self, text: Texts) -> None:
        self._text = text

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split the name from the value."""
        name, equals, text = str(value).partition("=")
        if name not in PARAMETER_RANGES or not equals or not text:
            self.fail(self._text("submit.bad_param", value=value, known=", ".join(PARAMETER_RANGES)), param, ctx)
        return name, text
