"""``filmgate mock``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from filmgate.cli.command import Command
from filmgate.cli.context import Frame
from filmgate.cli.display import tables
from filmgate.cli.long_running import stop_event, write_ready_file
from filmgate.cli.terminal_text import wrap
from filmgate.cli.texts import Texts
from filmgate.testing.mock import FAULTS, VENDORS, Config, Fault, Mix, Running, Stage, UnknownFault, parse_mix, running
from filmgate.testing.mock.dialects import MODELS
from filmgate.testing.mock.faults.base import EVER, TAKES, VERDICTS, Said

__all__ = ["commands"]

DIALECTS = ("openai", "dmxapi", "apiyi", "apiyi-async")
"""The resellers; the other vendors are flavours of model servers."""

PORT = 8088

_COLUMNS = ("id", "stage", "argument", "says", "verdict")


class Span(click.ParamType[tuple[float, float]]):
    """Seconds as ``30..90``, or as one number."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """The shortest and the longest."""
        first, dots, last = str(value).partition("..")
        try:
            shortest, longest = float(first), float(last if dots else first)
        except ValueError:
            shortest, longest = 1.0, 0.0
        if not 0 <= shortest <= longest:
            self.fail(f"'{value}'", param, ctx)
        return shortest, longest


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    file, number = click.Path(path_type=Path, dir_okay=False), click.IntRange(min=0)
    flavours = tuple(name for name in VENDORS if name not in DIALECTS)

    def option(name: str, metavar: str | None = None, **more: Any) -> click.Option:
        shown = text(f"metavar.{metavar}") if metavar in {"key", "file", "names", "name", "span"} else metavar
        return click.Option([f"--{name}"], metavar=shown, help=text(f"mock.{name.replace('-', '_')}"), **more)

    params = [
        option("dialect", type=click.Choice(DIALECTS)),
        option("flavour", type=click.Choice(flavours)),
        option("instant", is_flag=True),
        option("seconds-per-job", "span", type=Span(), default="30..90"),
        option("faults", "names"),
        option("fault-rate", "SHARE", type=click.FloatRange(0, 1), default=0.3),
        option("seed", "N", type=int, default=0),
        option("key", "key"),
        option("running", "N", type=number),
        option("creates-a-minute", "N", type=number),
        option("any-size", is_flag=True),
        option("idempotent", is_flag=True),
        option("no-list", is_flag=True),
        option("model", "name", multiple=True),
        option("log", "file", type=file),
        option("restart-loses", is_flag=True),
        option("host", "HOST", default="127.0.0.1"),
        option("port", "PORT", type=click.IntRange(0, 65535), default=PORT),
        option("ready-file", "file", type=file),
        option("list-faults", is_flag=True),
    ]
    return {"mock": Command("mock", text, _mock, params)}


async def _mock(frame: Frame, **given: Any) -> None:
    if given["list_faults"]:
        _list_faults(frame)
        return
    with stop_event() as stop:
        async with running(_config(given), host=given["host"], port=given["port"]) as upstream:
            with write_ready_file(given["ready_file"], upstream.origin):
                _greet(frame, upstream)
                await stop.wait()
    frame.tell("mock.stopped")


def _config(given: Mapping[str, Any]) -> Config:
    if given["dialect"] and given["flavour"]:
        raise click.UsageError("--dialect / --flavour")
    return Config(
        vendor=given["dialect"] or given["flavour"] or DIALECTS[0],
        seconds_per_job=(0.0, 0.0) if given["instant"] else given["seconds_per_job"],
        key=given["key"],
        mix=_mix(given),
        seed=given["seed"],
        running=given["running"],
        creates_a_minute=given["creates_a_minute"],
        any_size=given["any_size"],
        idempotent=given["idempotent"],
        lists=not given["no_list"],
        restart_loses=given["restart_loses"],
        log=given["log"],
        models=given["model"] or MODELS,
    )


def _mix(given: Mapping[str, Any]) -> Mix:
    try:
        return parse_mix(given["faults"] or "", rate=given["fault_rate"], seed=given["seed"])
    except UnknownFault as error:
        raise click.BadParameter(str(error), param_hint="--faults") from None


def _greet(frame: Frame, upstream: Running) -> None:
    if frame.structured:
        frame.dump({"base_url": upstream.base_url, "urls": {name: upstream.url(name) for name in VENDORS}})
        return
    frame.put(frame.text("mock.ready", url=upstream.base_url, vendor=upstream.upstream.config.vendor))
    frame.tell("mock.hints", origin=upstream.origin, others=" ".join(VENDORS))


# ---- the list of faults


def _list_faults(frame: Frame) -> None:
    if not frame.human:
        tables.rows(frame, _COLUMNS, [_row(frame, fault) for fault in FAULTS.values()])
        return
    for stage in Stage:
        frame.put(frame.text(f"mock.stage.{stage}") + "\n")
        for fault in FAULTS.values():
            if fault.stage is stage:
                _describe(frame, fault)
        frame.put("")


def _row(frame: Frame, fault: Fault) -> dict[str, object]:
    return {
        "id": fault.name,
        "stage": str(fault.stage),
        "argument": _argument(frame, fault),
        "says": _said(frame, fault.says),
        "verdict": str(fault.verdict),
        "a_good_client": _said(frame, VERDICTS[fault.verdict]),
        "in_all": not fault.alone,
    }


def _describe(frame: Frame, fault: Fault) -> None:
    argument = _argument(frame, fault)
    frame.put(f"  {fault.name}" + (f"  [{argument}]" if argument else ""))
    for sentence in (_said(frame, fault.says), "→ " + _said(frame, VERDICTS[fault.verdict])):
        for line in wrap(sentence, 92):
            frame.put(" " * 6 + line)


def _argument(frame: Frame, fault: Fault) -> str:
    if not fault.takes or fault.arg is None:
        return ""
    default = "ever" if fault.arg == EVER else f"{fault.arg:,.10g}"
    return f"={_said(frame, TAKES[fault.takes])}: {default}"


def _said(frame: Frame, said: Said) -> str:
    return said.zh if frame.text.language == "zh" else said.en
