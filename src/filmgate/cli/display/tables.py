"""Results: tables for people, lines for pipes, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import to_builtins

from filmgate.cli.context import Frame
from filmgate.cli.terminal_text import cells, harmless
from filmgate.cli.units import units
from filmgate.client import AsyncVideo, Model

__all__ = ["facts", "models", "moment", "rows", "size", "video", "video_row", "videos"]

_COLUMNS = ["id", "status", "progress", "size", "seconds", "created", "prompt"]
_DISPENSABLE = [
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
_LEAST = {"prompt": 12, "sizes": 9}
"""Cells of a column that are worth showing; more where there is room."""
_STEP = 1000


def videos(frame: Frame, found: Sequence[AsyncVideo]) -> None:
    """A list of films."""
    if frame.structured:
        rows(frame, [], [video.to_dict() for video in found])
        return
    if not found and frame.human:
        frame.tell("list.empty")
        return
    rows(frame, _COLUMNS, [video_row(frame, video) for video in found])


def video(frame: Frame, found: AsyncVideo) -> None:
    """One film: its facts, or in quiet its status."""
    if frame.structured:
        frame.dump(found.to_dict())
    elif frame.quiet:
        frame.put(str(found.status))
    else:
        facts(frame, {name: value for name, value in video_row(frame, found).items() if value != ""})


def facts(frame: Frame, values: Mapping[str, object]) -> None:
    """Names and values, a line each; the names are columns of the catalogue."""
    names = {name: frame.text(f"column.{name}") for name in values}
    width = max(map(cells, names.values())) + 2
    for name, value in values.items():
        frame.put(names[name] + (" " * (width - cells(names[name])) if frame.human else "\t") + str(value))


def models(frame: Frame, found: Sequence[Model]) -> None:
    """What can be asked for, and what it costs."""
    if frame.structured:
        rows(frame, [], [to_builtins(model) for model in found])
        return
    told = [
        {
            "id": model.id,
            "sizes": " ".join(model.sizes),
            "seconds": " ".join(model.seconds),
            "price": _price(frame, model),
        }
        for model in found
    ]
    rows(frame, ["id", "sizes", "seconds", "price"], told)


def _price(frame: Frame, model: Model) -> str:
    """Units a second, the least and the most; or units a film."""
    if model.price_per_call is not None:
        return frame.text("price.call", units=units(model.price_per_call))
    if not model.price:
        return ""
    least, most = (units(pick(model.price.values())) for pick in (min, max))
    return frame.text("price.second", units=least if least == most else f"{least}-{most}")


def video_row(frame: Frame, video: AsyncVideo) -> dict[str, object]:
    """A film as people read it."""
    return {
        "id": video.id,
        "status": frame.text(f"status.{video.status}") if frame.human else str(video.status),
        "progress": video.progress,
        "model": video.model,
        "size": video.size,
        "seconds": video.seconds,
        "created": moment(video.created_at),
        "expires": moment(video.expires_at),
        "prompt": " ".join((video.prompt or "").split()),
        "error": f"{video.error.code}: {video.error.message}" if video.error else "",
    }


def rows(frame: Frame, columns: Sequence[str], found: Sequence[Mapping[str, object]]) -> None:
    """Rows of a result, in the form that was asked for; quiet: the ids."""
    match frame.options.format:
        case "json":
            frame.dump(found)
        case "jsonl":
            for row in found:
                frame.dump(row)
        case "quiet":
            for row in found:
                frame.put(str(row["id"]))
        case _ if frame.human:
            _table(frame, columns, found)
        case _:
            for row in found:
                frame.put("\t".join(str(row[column]) for column in columns))


def moment(at: float | None) -> str:
    """A time of day in the machine's own zone; empty for none."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def size(count: int) -> str:
    """Bytes, as people say them."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < _STEP:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _STEP
    return f"{amount:.1f} GB"


def _table(frame: Frame, columns: Sequence[str], found: Sequence[Mapping[str, object]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only people at a terminal need it
    from rich.markup import escape  # noqa: PLC0415 - the same
    from rich.table import Table  # noqa: PLC0415 - the same

    environ = frame.env.environ
    console = Console(file=frame.env.stdout, no_color="NO_COLOR" in environ, highlight=False, _environ=environ)
    heads = {column: frame.text(f"column.{column}") for column in columns}
    widths = {name: max(cells(head), *(cells(str(row[name])) for row in found)) for name, head in heads.items()}
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = _fitting(widths, console.width)
    for name in shown:
        fold = name == "sizes"
        least = min(widths[name], _LEAST.get(name, widths[name]))
        table.add_column(heads[name], overflow="fold" if fold else "ellipsis", no_wrap=not fold, min_width=least)
    for row in found:
        table.add_row(*(escape(harmless(str(row[name]))) for name in shown))
    console.print(table, soft_wrap=len(shown) == 1)


def _fitting(widths: Mapping[str, int], room: int) -> list[str]:
    """The columns that fit into a line; those that matter least are left out first."""
    shown = list(widths)
    for name in _DISPENSABLE:
        if sum(min(widths[each], _LEAST.get(each, widths[each])) for each in shown) + 2 * len(shown) <= room:
            break
        if name in shown:
            shown.remove(name)
    return shown
