"""Parameter types for amounts and durations: users write units and days, the store keeps micro-units and seconds."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import click

from filmgate.cli.texts import Texts

__all__ = ["AmountParamType", "DurationParamType", "format_units"]

MICROS_PER_UNIT = 1_000_000
MAX_UNITS = 10**12
"""Largest amount accepted, in units."""

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def format_units(micros: int | None) -> str:
    """Format micro-units as units: ``12.5``; an unlimited balance as ``∞``."""
    if micros is None:
        return "∞"
    text = f"{Decimal(micros) / MICROS_PER_UNIT:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class AmountParamType(click.ParamType[int]):
    """An amount of units with up to six decimals, as micro-units."""

    name = "amount"

    def __init__(self, text: Texts) -> None:
        self._text = text

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse an amount to micro-units."""
        if isinstance(value, int):
            return value
        try:
            micros = Decimal(str(value)) * MICROS_PER_UNIT
        except InvalidOperation:
            self.fail(self._text("units.bad_amount", value=value), param, ctx)
        if not micros.is_finite() or micros != micros.to_integral_value() or abs(micros) > MAX_UNITS * MICROS_PER_UNIT:
            self.fail(self._text("units.bad_amount", value=value), param, ctx)
        return int(micros)


class DurationParamType(click.ParamType[float]):
    """A duration such as ``30d`` or ``12h``, as seconds."""

    name = "duration"

    def __init__(self, text: Texts) -> None:
        self._text = text

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse a duration to seconds."""
        if isinstance(value, float):
            return value
        match = _DURATION.fullmatch(str(value))
        if match is None:
            self.fail(self._text("units.bad_duration", value=value), param, ctx)
        return float(int(match[1]) * _SECONDS[match[2]])
