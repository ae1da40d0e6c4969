"""Results: tables on a terminal, tab-separated lines for pipes, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import to_builtins

from filmgate.cli.context import CliContext
from filmgate.cli.terminal_text import display_width, sanitize
from filmgate.cli.units import format_units
from filmgate.client import AsyncVideo, ModelData

__all__ = [
    "format_bytes",
    "format_time",
    "print_facts",
    "print_models",
    "print_rows",
    "print_video",
    "print_videos",
    "video_row",
]

_VIDEO_COLUMNS = ["id", "status", "progress", "size", "seconds", "created", "prompt"]
_DROP_ORDER = [
    "created",
    "revoked",
    "seconds",
    "sizes",
    "price",
    "size",
    "prompt",
    "progress",
    "key",
    "name",
    "status",
]
_MIN_WIDTHS = {"prompt": 12, "sizes": 9}
"""Minimum width of a column in cells; wider if there is room."""
_UNIT_STEP = 1000


def print_videos(context: CliContext, videos: Sequence[AsyncVideo]) -> None:
    """Print a list of videos."""
    if context.structured:
        print_rows(context, [], [video.to_dict() for video in videos])
        return
    if not videos and context.human:
        context.info("list.empty")
        return
    print_rows(context, _VIDEO_COLUMNS, [video_row(context, video) for video in videos])


def print_video(context: CliContext, video: AsyncVideo) -> None:
    """Print one video: its fields, or with --format quiet its status."""
    if context.structured:
        context.print_json(video.to_dict())
    elif context.quiet:
        context.print_out(str(video.status))
    else:
        print_facts(context, {name: value for name, value in video_row(context, video).items() if value != ""})


def print_facts(context: CliContext, values: Mapping[str, object]) -> None:
    """Print names and values, one a line; a name is the text ``column.{name}``."""
    names = {name: context.text(f"column.{name}") for name in values}
    width = max(map(display_width, names.values())) + 2
    for name, value in values.items():
        context.print_out(
            names[name] + (" " * (width - display_width(names[name])) if context.human else "\t") + str(value)
        )


def print_models(context: CliContext, models: Sequence[ModelData]) -> None:
    """Print the models with their sizes, lengths and prices."""
    if context.structured:
        print_rows(context, [], [to_builtins(model) for model in models])
        return
    rows = [
        {
            "id": model.id,
            "sizes": " ".join(model.sizes),
            "seconds": " ".join(model.seconds),
            "price": _format_price(context, model),
        }
        for model in models
    ]
    print_rows(context, ["id", "sizes", "seconds", "price"], rows)


def _format_price(context: CliContext, model: ModelData) -> str:
    """Return the price: lowest to highest in units a second, or units a video; empty if unknown."""
    if model.price_per_call is not None:
        return context.text("price.per_video", units=format_units(model.price_per_call))
    if not model.price:
        return ""
    lowest, highest = (format_units(pick(model.price.values())) for pick in (min, max))
    return context.text("price.per_second", units=lowest if lowest == highest else f"{lowest}-{highest}")


def video_row(context: CliContext, video: AsyncVideo) -> dict[str, object]:
    """Return the fields of a video for tables."""
    return {
        "id": video.id,
        "status": context.text(f"status.{video.status}") if context.human else str(video.status),
        "progress": video.progress,
        "model": video.model,
        "size": video.size,
        "seconds": video.seconds,
        "created": format_time(video.created_at),
        "expires": format_time(video.expires_at),
        "prompt": " ".join((video.prompt or "").split()),
        "error": f"{video.error.code}: {video.error.message}" if video.error else "",
    }


def print_rows(context: CliContext, columns: Sequence[str], records: Sequence[Mapping[str, object]]) -> None:
    """Print rows in the output format; quiet: only the ids."""
    match context.options.format:
        case "json":
            context.print_json(records)
        case "jsonl":
            for row in records:
                context.print_json(row)
        case "quiet":
            for row in records:
                context.print_out(str(row["id"]))
        case _ if context.human:
            _print_table(context, columns, records)
        case _:
            for row in records:
                context.print_out("\t".join(str(row[column]) for column in columns))


def format_time(at: float | None) -> str:
    """Format a Unix time in the local time zone; empty for None."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def format_bytes(count: int) -> str:
    """Format a number of bytes: ``12 B``, ``3.4 MB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < _UNIT_STEP:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _UNIT_STEP
    return f"{amount:.1f} GB"


def _print_table(context: CliContext, columns: Sequence[str], records: Sequence[Mapping[str, object]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
    from rich.markup import escape  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same

    environ = context.env.environ
    console = Console(file=context.env.stdout, no_color="NO_COLOR" in environ, highlight=False, _environ=environ)
    heads = {column: context.text(f"column.{column}") for column in columns}
    widths = {
        name: max(display_width(head), *(display_width(str(row[name])) for row in records))
        for name, head in heads.items()
    }
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = _fitting_columns(widths, console.width)
    for name in shown:
        fold = name == "sizes"
        min_width = min(widths[name], _MIN_WIDTHS.get(name, widths[name]))
        table.add_column(heads[name], overflow="fold" if fold else "ellipsis", no_wrap=not fold, min_width=min_width)
    for row in records:
        table.add_row(*(escape(sanitize(str(row[name]))) for name in shown))
    console.print(table, soft_wrap=len(shown) == 1)


def _fitting_columns(widths: Mapping[str, int], max_width: int) -> list[str]:
    """Return the columns that fit into ``max_width`` cells; the least important are dropped first."""
    shown = list(widths)
    for name in _DROP_ORDER:
        if sum(min(widths[each], _MIN_WIDTHS.get(each, widths[each])) for each in shown) + 2 * len(shown) <= max_width:
            break
        if name in shown:
            shown.remove(name)
    return shown
