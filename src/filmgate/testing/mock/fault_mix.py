"""Selects the fault of each job: a tag in its prompt, a header, or a seeded mix."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from filmgate.testing.mock.faults import FAULTS
from filmgate.testing.mock.faults.base import ALWAYS, Argument, FaultSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FaultMix", "InjectedFault", "UnknownFault", "faults_in_prompt", "parse_fault", "parse_mix"]

_TAG = re.compile(r"\[mock:([^\[\]]*)\]")


class UnknownFault(ValueError):
    """There is no fault of that name, or it takes no such argument."""


class InjectedFault(Struct, frozen=True):
    """A fault of a job, with its argument."""

    fault: FaultSpec
    arg: Argument

    def __str__(self) -> str:
        if self.arg == self.fault.arg:
            return self.fault.name
        return f"{self.fault.name}={'ever' if self.arg == ALWAYS else f'{self.arg:g}'}"


class FaultMix(Struct, frozen=True):
    """Faults to draw from, with their weights, and how many jobs in one meet any."""

    faults: tuple[InjectedFault, ...] = ()
    weights: tuple[float, ...] = ()
    rate: float = 0.3
    seed: int = 0

    def draw(self, prompt: str, attempt: int) -> tuple[InjectedFault, ...]:
        """The fault of a create with that prompt; independent of other creates.

        Args:
            prompt: of the job.
            attempt: how many creates of the same prompt came before.
        """
        # Parallel creates arrive in no reproducible order; their prompts are reproducible.
        roll = random.Random(f"{self.seed}/{attempt}/{prompt}")  # noqa: S311 - to be repeated, not to be secret
        if not self.faults or roll.random() >= self.rate:
            return ()
        return tuple(roll.choices(self.faults, self.weights))


def parse_fault(text: str) -> InjectedFault:
    """Read ``NAME`` or ``NAME=ARG``.

    Raises:
        UnknownFault: says what is wrong with it.
    """
    name, given, arg = text.strip().partition("=")
    fault = FAULTS.get(name.strip())
    if fault is None:
        raise UnknownFault(f"There is no fault '{name}'; see `filmgate mock --list-faults`.")
    try:
        return InjectedFault(fault, fault.parse(arg.strip() if given else None))
    except ValueError as error:
        raise UnknownFault(f"'{text}' can't be read: {error}.") from None


def parse_mix(text: str, *, rate: float, seed: int) -> FaultMix:
    """Read ``NAME,NAME=ARG,NAME*WEIGHT …``; ``all`` is every fault that ends by itself and affects no other job.

    Raises:
        UnknownFault: names it.
    """
    strikes: list[InjectedFault] = []
    weights: list[float] = []
    for item in filter(None, (item.strip() for item in text.split(","))):
        word, _, weight = item.partition("*")
        found = _all_faults() if word == "all" else [parse_fault(word)]
        strikes += found
        weights += [_parse_weight(weight, item)] * len(found)
    return FaultMix(tuple(strikes), tuple(weights), rate, seed)


def faults_in_prompt(prompt: str) -> tuple[InjectedFault, ...]:
    """The faults named in a prompt: ``A boat [mock:reply-lost] [mock:poll-404=2]``.

    Raises:
        UnknownFault: names it.
    """
    return tuple(parse_fault(tag) for tag in _TAG.findall(prompt))


def _all_faults() -> Sequence[InjectedFault]:
    return [InjectedFault(fault, fault.arg) for fault in FAULTS.values() if not fault.exclude_from_all]


def _parse_weight(text: str, item: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        raise UnknownFault(f"'{item}': the weight is not a number.") from None
