"""Which fault hits which job: a tag in its prompt, a header, or a seeded mix."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import EVER, Argument, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Mix", "Strike", "UnknownFault", "parse_mix", "parse_strike", "tagged"]

_TAG = re.compile(r"\[mock:([^\[\]]*)\]")


class UnknownFault(ValueError):
    """There is no fault of that name, or it takes no such argument."""


class Strike(Struct, frozen=True):
    """A fault that a job meets, with its argument."""

    fault: Fault
    arg: Argument

    def __str__(self) -> str:
        if self.arg == self.fault.arg:
            return self.fault.name
        return f"{self.fault.name}={'ever' if self.arg == EVER else f'{self.arg:g}'}"


class Mix(Struct, frozen=True):
    """Faults to draw from, with their weights, and how many jobs in one meet any."""

    strikes: tuple[Strike, ...] = ()
    weights: tuple[float, ...] = ()
    rate: float = 0.3
    seed: int = 0

    def draw(self, prompt: str, turn: int) -> tuple[Strike, ...]:
        """What befalls the create of that prompt; the same whatever else was created before.

        Args:
            prompt: of the job.
            turn: how many creates of the same prompt came before.
        """
        # The order in which parallel creates arrive is nobody's to reproduce; their prompts are.
        roll = random.Random(f"{self.seed}/{turn}/{prompt}")  # noqa: S311 - to be repeated, not to be secret
        if not self.strikes or roll.random() >= self.rate:
            return ()
        return tuple(roll.choices(self.strikes, self.weights))


def parse_strike(text: str) -> Strike:
    """Read ``NAME`` or ``NAME=ARG``.

    Raises:
        UnknownFault: says what is wrong with it.
    """
    name, given, arg = text.strip().partition("=")
    fault = FAULTS.get(name.strip())
    if fault is None:
        raise UnknownFault(f"There is no fault '{name}'; see `filmgate mock --list-faults`.")
    try:
        return Strike(fault, fault.parse(arg.strip() if given else None))
    except ValueError as error:
        raise UnknownFault(f"'{text}' can't be read: {error}.") from None


def parse_mix(text: str, *, rate: float, seed: int) -> Mix:
    """Read ``NAME,NAME=ARG,NAME*WEIGHT …``; ``all`` is every fault that ends by itself and hits no other job.

    Raises:
        UnknownFault: names it.
    """
    strikes: list[Strike] = []
    weights: list[float] = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        word, _, weight = item.partition("*")
        found = _all() if word == "all" else [parse_strike(word)]
        strikes += found
        weights += [_weight(weight, item)] * len(found)
    return Mix(tuple(strikes), tuple(weights), rate, seed)


def tagged(prompt: str) -> tuple[Strike, ...]:
    """The faults that a prompt asks for: ``A boat [mock:reply-lost] [mock:look-404=2]``.

    Raises:
        UnknownFault: names it.
    """
    return tuple(parse_strike(tag) for tag in _TAG.findall(prompt))


def _all() -> Sequence[Strike]:
    return [Strike(fault, fault.arg) for fault in FAULTS.values() if not fault.alone]


def _weight(text: str, item: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        raise UnknownFault(f"'{item}': the weight is not a number.") from None
