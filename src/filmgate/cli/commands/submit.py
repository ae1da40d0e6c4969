"""``filmgate submit``, and what it shares with ``generate``: the wish, what it costs, the request, the id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import msgspec
from msgspec import Struct

from filmgate.cli.command import Command
from filmgate.cli.context import Frame
from filmgate.cli.display.tables import facts
from filmgate.cli.inputs.curl import KEY, curl
from filmgate.cli.inputs.estimate import Estimate, estimate
from filmgate.cli.inputs.prompt_lint import lint
from filmgate.cli.inputs.prompts import Wish, read
from filmgate.cli.texts import Texts
from filmgate.cli.units import Amount, units
from filmgate.client import AsyncClient, AsyncVideo
from filmgate.client.effects import Request, first_request
from filmgate.client.operations import create
from filmgate.errors import OverBudget, Unsupported

__all__ = ["Order", "commands", "order_of", "order_options", "place", "remark"]


class Order(Struct, frozen=True, kw_only=True):
    """A wish, and what shall happen before it is sent."""

    wish: Wish
    dry_run: bool = False
    estimate: bool = False
    print_curl: bool = False
    budget: int | None = None  # millionths of a unit, as all amounts here
    confirm_over: int | None = None
    yes: bool = False
    idempotency_key: str | None = None

    @property
    def only_shown(self) -> bool:
        """Whether nothing shall be sent."""
        return self.dry_run or self.estimate or self.print_curl

    def arguments(self) -> dict[str, Any]:
        """Of the SDK's ``create``."""
        return self.wish.fields() | {"idempotency_key": self.idempotency_key}


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    return {"submit": Command("submit", text, _submit, order_options(text))}


def order_options(text: Texts) -> list[click.Parameter]:
    """The prompt, its parameters, and what is done before it is sent."""
    amount = Amount(text)
    return [
        click.Argument(["prompt"], metavar=text("metavar.prompt")),
        click.Option(["-i", "--image"], metavar=text("metavar.file"), help=text("generate.image")),
        click.Option(["--fit"], type=click.Choice(["error", "crop", "pad"]), help=text("generate.fit")),
        click.Option(["--size"], metavar="WxH", help=text("generate.size")),
        click.Option(["--seconds"], metavar="N", help=text("generate.seconds")),
        click.Option(["--model"], metavar="NAME", help=text("generate.model")),
        click.Option(["--seed"], type=int, metavar="N", help=text("generate.seed")),
        click.Option(["--estimate"], is_flag=True, help=text("submit.estimate")),
        click.Option(["--dry-run"], is_flag=True, help=text("submit.dry_run")),
        click.Option(["--print-curl"], is_flag=True, help=text("submit.print_curl")),
        click.Option(["--budget"], type=amount, metavar=text("metavar.units"), help=text("submit.budget")),
        click.Option(["--confirm-over"], type=amount, metavar=text("metavar.units"), help=text("submit.confirm_over")),
        click.Option(["-y", "--yes"], is_flag=True, help=text("submit.yes")),
        click.Option(["--idempotency-key"], metavar=text("metavar.key"), help=text("submit.idempotency_key")),
    ]


def order_of(frame: Frame, prompt: str, given: Mapping[str, Any]) -> Order:
    """What the command line, the prompt's file and the profile ask for, the nearest first.

    Raises:
        SettingsError: the prompt's file is not understood.
    """
    told = {"input_reference": given["image"]} | {name: given[name] for name in ("fit", "size", "seconds", "model")}
    said = {name: value for name, value in {**told, "seed": given["seed"]}.items() if value is not None}
    wish = msgspec.structs.replace(read(prompt, frame.env.stdin.read), **said).over(frame.defaults)
    rest = {name: given[name] for name in Order.__struct_fields__ if name in given}
    return Order(wish=wish, **rest)


def remark(frame: Frame, wish: Wish) -> None:
    """Say what is odd about the prompt."""
    for odd in lint(wish.prompt, size=wish.size, seconds=wish.seconds, image=wish.input_reference is not None):
        frame.tell("lint.line", remark=frame.text(f"lint.{odd.name}", **odd.values))


async def place(frame: Frame, client: AsyncClient, order: Order) -> AsyncVideo | None:
    """Send the order, unless it was only to be shown: None then.

    Raises:
        OverBudget: it costs more than it may; nothing was sent.
    """
    if order.only_shown:
        await _show(frame, client, order)
        return None
    if order.budget is not None or order.confirm_over is not None:
        _within(frame, order, await _estimated(client, order))
    frame.leave_asking()
    return await client.videos.create(**order.arguments())


async def _submit(frame: Frame, *, prompt: str, **given: Any) -> None:
    order = order_of(frame, prompt, given)
    async with frame.client() as client:
        if not client.videos.api.lasting and not order.only_shown:
            raise Unsupported(frame.text("submit.unlasting", provider=client.videos.api.name))
        video = await place(frame, client, order)
    if video is None:
        return
    if frame.structured:
        frame.dump(video.to_dict())
    else:
        frame.put(video.id)
        remark(frame, order.wish)
        frame.tell("submit.done", id=video.id)


async def _show(frame: Frame, client: AsyncClient, order: Order) -> None:
    request = first_request(create(client.videos, **order.arguments()))
    if order.print_curl:
        frame.put(curl(client.endpoint, request, {"input_reference": order.wish.input_reference or ""}))
        if not frame.remote:
            frame.tell("submit.curl_needs_server", url=client.endpoint.base_url, key=KEY)
        return
    found = await _estimated(client, order, timed=True)
    sent = _sent(client, request) if order.dry_run else {}
    if frame.structured:
        frame.dump({**sent, "estimate": {**msgspec.to_builtins(found), "price": _price(found)}})
        return
    facts(frame, {**sent, **_told(frame, found)})
    remark(frame, order.wish)
    if order.dry_run:
        frame.tell("submit.nothing_sent")


async def _estimated(client: AsyncClient, order: Order, *, timed: bool = False) -> Estimate:
    wish = order.wish
    return await estimate(client, model=wish.model, size=wish.size, seconds=wish.seconds, timed=timed)


def _sent(client: AsyncClient, request: Request) -> dict[str, object]:
    """What would go out, in plain values; a file as its size and type."""
    files = {name: f"{len(part.content)} bytes, {part.media_type}" for name, part in request.files.items()}
    body = msgspec.json.encode({**(request.json or {}), **(request.form or {}), **files}).decode()
    return {"request": f"{request.method} {client.endpoint.url(request.path)}", "body": body}


def _told(frame: Frame, found: Estimate) -> dict[str, object]:
    unknown = frame.text("estimate.unknown")
    time = found.expected_seconds
    return {
        "model": found.model,
        "size": found.size or unknown,
        "seconds": found.seconds or unknown,
        "price": unknown if found.price_micros is None else frame.text("estimate.units", units=_price(found)),
        "time": unknown if time is None else frame.text("estimate.time", time=frame.text.seconds(time)),
    }


def _price(found: Estimate) -> str | None:
    return None if found.price_micros is None else units(found.price_micros)


def _within(frame: Frame, order: Order, found: Estimate) -> None:
    """Refuse what is too dear, or of unknown price; ask where somebody can answer."""
    micros, price = found.price_micros, _price(found)
    if order.budget is not None:
        if micros is None:
            raise OverBudget(frame.text("budget.unknown", model=found.model))
        if micros > order.budget:
            raise OverBudget(frame.text("budget.over", price=price, budget=units(order.budget)))
    if order.confirm_over is None or order.yes or (micros is not None and micros <= order.confirm_over):
        return
    question = frame.text("confirm.ask", price=price or frame.text("estimate.unknown"))
    if not (frame.env.stdin.isatty() and frame.env.interactive):
        raise OverBudget(frame.text("confirm.nobody", question=question))
    if not frame.agreed(question):
        raise OverBudget(frame.text("confirm.no"))
