"""``filmgate mock``: runs the mock upstream."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from filmgate.cli.command import Command
from filmgate.cli.context import CliContext
from filmgate.cli.display import tables
from filmgate.cli.long_running import stop_event, write_ready_file
from filmgate.cli.terminal_text import wrap
from filmgate.cli.texts import Texts
from filmgate.testing.mock import (
    FAULTS,
    VENDORS,
    FaultMix,
    FaultSpec,
    FaultStage,
    MockConfig,
    RunningMock,
    UnknownFault,
    parse_mix,
    running,
)
from filmgate.testing.mock.dialects import MODELS
from filmgate.testing.mock.faults.base import ALWAYS, ARGUMENT_KINDS, OUTCOME_TEXTS, Localized

__all__ = ["commands"]

DIALECTS = ("openai", "dmxapi", "apiyi", "apiyi-async")
"""Vendors that are resellers; the others are flavours of model servers."""

PORT = 8088

_COLUMNS = ("id", "stage", "argument", "says", "verdict")


class SecondsRangeParamType(click.ParamType[tuple[float, float]]):
    """A range of seconds: ``30..90``, or one number."""

    name = "range"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """Parse the range to its shortest and longest value."""
        first, dots, last = str(value).partition("..")
        try:
            shortest, longest = float(first), float(last if dots else first)
        except ValueError:
            shortest, longest = 1.0, 0.0
        if not 0 <= shortest <= longest:
            self.fail(f"'{value}'", param, ctx)
        return shortest, longest


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    file, number = click.Path(path_type=Path, dir_okay=False), click.IntRange(min=0)
    flavours = tuple(name for name in VENDORS if name not in DIALECTS)

    def option(name: str, metavar: str | None = None, **more: Any) -> click.Option:
        metavar_text = (
            text(f"metavar.{metavar}") if metavar in {"key", "file", "names", "name", "duration"} else metavar
        )
        return click.Option([f"--{name}"], metavar=metavar_text, help=text(f"mock.{name.replace('-', '_')}"), **more)

    params = [
        option("dialect", type=click.Choice(DIALECTS)),
        option("flavour", type=click.Choice(flavours)),
        option("instant", is_flag=True),
        option("seconds-per-job", "duration", type=SecondsRangeParamType(), default="30..90"),
        option("faults", "names"),
        option("fault-rate", "SHARE", type=click.FloatRange(0, 1), default=0.3),
        option("seed", "N", type=int, default=0),
        option("key", "key"),
        option("running", "N", type=number),
        option("creates-per-minute", "N", type=number),
        option("any-size", is_flag=True),
        option("idempotent", is_flag=True),
        option("no-list", is_flag=True),
        option("model", "name", multiple=True),
        option("log", "file", type=file),
        option("forget-on-restart", is_flag=True),
        option("host", "HOST", default="127.0.0.1"),
        option("port", "PORT", type=click.IntRange(0, 65535), default=PORT),
        option("ready-file", "file", type=file),
        option("list-faults", is_flag=True),
    ]
    return {"mock": Command("mock", text, _mock, params)}


async def _mock(context: CliContext, **arguments: Any) -> None:
    if arguments["list_faults"]:
        _list_faults(context)
        return
    with stop_event() as stop:
        async with running(_config(arguments), host=arguments["host"], port=arguments["port"]) as upstream:
            with write_ready_file(arguments["ready_file"], upstream.origin):
                _print_ready(context, upstream)
                await stop.wait()
    context.info("mock.stopped")


def _config(arguments: Mapping[str, Any]) -> MockConfig:
    if arguments["dialect"] and arguments["flavour"]:
        raise click.UsageError("--dialect / --flavour")
    return MockConfig(
        vendor=arguments["dialect"] or arguments["flavour"] or DIALECTS[0],
        seconds_per_job=(0.0, 0.0) if arguments["instant"] else arguments["seconds_per_job"],
        key=arguments["key"],
        mix=_mix(arguments),
        seed=arguments["seed"],
        max_running=arguments["running"],
        creates_per_minute=arguments["creates_per_minute"],
        any_size=arguments["any_size"],
        idempotent=arguments["idempotent"],
        supports_list=not arguments["no_list"],
        forget_on_restart=arguments["forget_on_restart"],
        log=arguments["log"],
        models=arguments["model"] or MODELS,
    )


def _mix(arguments: Mapping[str, Any]) -> FaultMix:
    try:
        return parse_mix(arguments["faults"] or "", rate=arguments["fault_rate"], seed=arguments["seed"])
    except UnknownFault as error:
        raise click.BadParameter(str(error), param_hint="--faults") from None


def _print_ready(context: CliContext, upstream: RunningMock) -> None:
    if context.structured:
        context.print_json(
            {"base_url": upstream.base_url, "urls": {name: upstream.vendor_url(name) for name in VENDORS}}
        )
        return
    context.print_out(context.text("mock.ready", url=upstream.base_url, vendor=upstream.upstream.config.vendor))
    context.info("mock.hints", origin=upstream.origin, others=" ".join(VENDORS))


# ---- list of faults


def _list_faults(context: CliContext) -> None:
    if not context.human:
        tables.print_rows(context, _COLUMNS, [_fault_row(context, fault) for fault in FAULTS.values()])
        return
    for stage in FaultStage:
        context.print_out(context.text(f"mock.stage.{stage}") + "\n")
        for fault in FAULTS.values():
            if fault.stage is stage:
                _print_fault(context, fault)
        context.print_out("")


def _fault_row(context: CliContext, fault: FaultSpec) -> dict[str, object]:
    return {
        "id": fault.name,
        "stage": str(fault.stage),
        "argument": _fault_argument(context, fault),
        "says": _localized(context, fault.description),
        "verdict": str(fault.verdict),
        "a_good_client": _localized(context, OUTCOME_TEXTS[fault.verdict]),
        "in_all": not fault.exclude_from_all,
    }


def _print_fault(context: CliContext, fault: FaultSpec) -> None:
    argument = _fault_argument(context, fault)
    context.print_out(f"  {fault.name}" + (f"  [{argument}]" if argument else ""))
    for sentence in (_localized(context, fault.description), "→ " + _localized(context, OUTCOME_TEXTS[fault.verdict])):
        for line in wrap(sentence, 92):
            context.print_out(" " * 6 + line)


def _fault_argument(context: CliContext, fault: FaultSpec) -> str:
    if not fault.argument_kind or fault.arg is None:
        return ""
    default = "ever" if fault.arg == ALWAYS else f"{fault.arg:,.10g}"
    return f"={_localized(context, ARGUMENT_KINDS[fault.argument_kind])}: {default}"


def _localized(context: CliContext, sentence: Localized) -> str:
    return sentence.zh if context.text.language == "zh" else sentence.en
