"""``filmgate submit``, and what ``generate`` shares with it: options, previews, budget checks, submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import msgspec
from msgspec import Struct

from filmgate.cli.command import Command
from filmgate.cli.context import CliContext
from filmgate.cli.display.tables import print_facts
from filmgate.cli.inputs.curl import KEY_VARIABLE, curl_command
from filmgate.cli.inputs.estimate import Estimate, estimate_video
from filmgate.cli.inputs.prompt_lint import lint_prompt
from filmgate.cli.inputs.prompts import VideoSpec, read_prompt
from filmgate.cli.parameters import EngineParamType
from filmgate.cli.texts import Texts
from filmgate.cli.units import AmountParamType, format_units
from filmgate.client import AsyncClient, AsyncVideo
from filmgate.client.effects import Request, first_request
from filmgate.client.operations import create
from filmgate.domain import PARAMETER_RANGES
from filmgate.errors import OverBudget, Unsupported

__all__ = ["SubmitOptions", "commands", "print_lint", "resolve_options", "submit", "submit_options"]


class SubmitOptions(Struct, frozen=True, kw_only=True):
    """A video to submit, and the previews and checks before it is sent."""

    spec: VideoSpec
    dry_run: bool = False
    estimate: bool = False
    print_curl: bool = False
    budget: int | None = None  # micro-units, like all amounts here
    confirm_over: int | None = None
    yes: bool = False
    idempotency_key: str | None = None
    param: tuple[tuple[str, str], ...] = ()  # name and value

    @property
    def is_preview(self) -> bool:
        """Whether nothing is submitted."""
        return self.dry_run or self.estimate or self.print_curl

    def create_arguments(self) -> dict[str, Any]:
        """Return the arguments of the SDK's ``create``."""
        return self.spec.fields() | {"idempotency_key": self.idempotency_key} | dict(self.param)


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    return {"submit": Command("submit", text, _submit, submit_options(text))}


def submit_options(text: Texts) -> list[click.Parameter]:
    """Return the parameters: prompt, video parameters, previews and checks."""
    amount = AmountParamType(text)
    return [
        click.Argument(["prompt"], metavar=text("metavar.prompt")),
        click.Option(["-i", "--image"], metavar=text("metavar.file"), help=text("generate.image")),
        click.Option(["--fit"], type=click.Choice(["error", "crop", "pad"]), help=text("generate.fit")),
        click.Option(["--size"], metavar="WxH", help=text("generate.size")),
        click.Option(["--seconds"], metavar="N", help=text("generate.seconds")),
        click.Option(["--model"], metavar="NAME", help=text("generate.model")),
        click.Option(["--seed"], type=int, metavar="N", help=text("generate.seed")),
        click.Option(
            ["--param"],
            type=EngineParamType(text),
            multiple=True,
            metavar="NAME=VALUE",
            help=text("submit.param", known=", ".join(PARAMETER_RANGES)),
        ),
        click.Option(["--estimate"], is_flag=True, help=text("submit.estimate")),
        click.Option(["--dry-run"], is_flag=True, help=text("submit.dry_run")),
        click.Option(["--print-curl"], is_flag=True, help=text("submit.print_curl")),
        click.Option(["--budget"], type=amount, metavar=text("metavar.units"), help=text("submit.budget")),
        click.Option(["--confirm-over"], type=amount, metavar=text("metavar.units"), help=text("submit.confirm_over")),
        click.Option(["-y", "--yes"], is_flag=True, help=text("submit.yes")),
        click.Option(["--idempotency-key"], metavar=text("metavar.key"), help=text("submit.idempotency_key")),
    ]


def resolve_options(context: CliContext, prompt: str, arguments: Mapping[str, Any]) -> SubmitOptions:
    """Merge the command line, the prompt file and the profile, in this order of precedence.

    Raises:
        SettingsError: the front matter of the prompt file is invalid.
    """
    names = ("fit", "size", "seconds", "model", "seed")
    options = {"input_reference": arguments["image"]} | {name: arguments[name] for name in names}
    overrides = {name: value for name, value in options.items() if value is not None}
    spec = msgspec.structs.replace(read_prompt(prompt, context.env.stdin.read), **overrides).with_defaults(
        context.video_defaults
    )
    others = {name: arguments[name] for name in SubmitOptions.__struct_fields__ if name in arguments}
    return SubmitOptions(spec=spec, **others)


def print_lint(context: CliContext, spec: VideoSpec) -> None:
    """Print the warnings about the prompt."""
    for warning in lint_prompt(
        spec.prompt, size=spec.size, seconds=spec.seconds, image=spec.input_reference is not None
    ):
        context.info("lint.line", remark=context.text(f"lint.{warning.name}", **warning.values))


async def submit(context: CliContext, client: AsyncClient, options: SubmitOptions) -> AsyncVideo | None:
    """Submit the video; a preview submits nothing and returns None.

    Raises:
        OverBudget: it costs more than allowed, or its price is unknown; nothing was sent.
    """
    if options.is_preview:
        await _preview(context, client, options)
        return None
    if options.budget is not None or options.confirm_over is not None:
        _check_budget(context, options, await _estimate(client, options))
    context.on_interrupt_submit()
    return await client.videos.create(**options.create_arguments())


async def _submit(context: CliContext, *, prompt: str, **arguments: Any) -> None:
    options = resolve_options(context, prompt, arguments)
    async with context.client() as client:
        if not client.videos.backend.resumable and not options.is_preview:
            raise Unsupported(context.text("submit.not_resumable", provider=client.videos.backend.name))
        video = await submit(context, client, options)
    if video is None:
        return
    if context.structured:
        context.print_json(video.to_dict())
    else:
        context.print_out(video.id)
        print_lint(context, options.spec)
        context.info("submit.done", id=video.id)


async def _preview(context: CliContext, client: AsyncClient, options: SubmitOptions) -> None:
    request = first_request(create(client.videos, **options.create_arguments()))
    if options.print_curl:
        context.print_out(
            curl_command(client.endpoint, request, {"input_reference": options.spec.input_reference or ""})
        )
        if not context.uses_server:
            context.info("submit.curl_needs_server", url=client.endpoint.base_url, key=KEY_VARIABLE)
        return
    estimate = await _estimate(client, options, timed=True)
    request_facts = _request_facts(client, request) if options.dry_run else {}
    if context.structured:
        context.print_json(
            {**request_facts, "estimate": {**msgspec.to_builtins(estimate), "price": _format_price(estimate)}}
        )
        return
    print_facts(context, {**request_facts, **_estimate_facts(context, estimate)})
    print_lint(context, options.spec)
    if options.dry_run:
        context.info("submit.nothing_sent")


async def _estimate(client: AsyncClient, options: SubmitOptions, *, timed: bool = False) -> Estimate:
    spec = options.spec
    return await estimate_video(client, model=spec.model, size=spec.size, seconds=spec.seconds, timed=timed)


def _request_facts(client: AsyncClient, request: Request) -> dict[str, object]:
    """Return the request line and the body; a file is shown as its size and type."""
    files = {name: f"{len(part.content)} bytes, {part.media_type}" for name, part in request.files.items()}
    body = msgspec.json.encode({**(request.json or {}), **(request.form or {}), **files}).decode()
    return {"request": f"{request.method} {client.endpoint.url(request.path)}", "body": body}


def _estimate_facts(context: CliContext, estimate: Estimate) -> dict[str, object]:
    unknown = context.text("estimate.unknown")
    time = estimate.expected_seconds
    return {
        "model": estimate.model,
        "size": estimate.size or unknown,
        "seconds": estimate.seconds or unknown,
        "price": unknown
        if estimate.price_micros is None
        else context.text("estimate.units", units=_format_price(estimate)),
        "time": unknown if time is None else context.text("estimate.time", time=context.text.seconds(time)),
    }


def _format_price(estimate: Estimate) -> str | None:
    return None if estimate.price_micros is None else format_units(estimate.price_micros)


def _check_budget(context: CliContext, options: SubmitOptions, estimate: Estimate) -> None:
    """Refuse a video over the budget or of unknown price; ask for confirmation if there is a terminal."""
    micros, price = estimate.price_micros, _format_price(estimate)
    if options.budget is not None:
        if micros is None:
            raise OverBudget(context.text("budget.unknown", model=estimate.model))
        if micros > options.budget:
            raise OverBudget(context.text("budget.over", price=price, budget=format_units(options.budget)))
    if options.confirm_over is None or options.yes or (micros is not None and micros <= options.confirm_over):
        return
    question = context.text("confirm.ask", price=price or context.text("estimate.unknown"))
    if not (context.env.stdin.isatty() and context.env.interactive):
        raise OverBudget(context.text("confirm.no_terminal", question=question))
    if not context.confirm(question):
        raise OverBudget(context.text("confirm.declined"))
