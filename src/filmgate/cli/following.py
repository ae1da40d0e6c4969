"""Following a film to its file: what ``generate``, ``watch`` and ``download`` have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click

from filmgate.cli.exits import Exit, verdict
from filmgate.cli.frame import Frame
from filmgate.cli.progress import Display, display
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.client.resources import Variant
from filmgate.errors import FilmgateError, OutputExists, WaitTimeout

__all__ = [
    "each",
    "follow",
    "ids_argument",
    "output_of",
    "output_options",
    "read_ids",
    "refuse_taken",
    "report",
    "save",
]

_SUFFIXES: dict[Variant, str] = {"video": "mp4", "thumbnail": "webp", "spritesheet": "jpg", "preview": "webp"}


def output_options(text: Texts) -> list[click.Parameter]:
    """``-o`` and ``--force``."""
    file = click.Path(path_type=Path)
    return [
        click.Option(["-o", "--output"], type=file, metavar=text("metavar.file"), help=text("generate.output")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
    ]


def ids_argument(text: Texts) -> click.Argument:
    """``ID…``."""
    return click.Argument(["ids"], nargs=-1, required=True, metavar=text("metavar.ids"))


def read_ids(frame: Frame, given: Sequence[str]) -> Iterator[str]:
    """The ids of the command line; ``-`` stands for those on standard input, one a line."""
    for video_id in given:
        if video_id != "-":
            yield video_id
            continue
        for line in frame.env.stdin:
            if line.strip():
                yield line.split()[0]


def output_of(video_id: str, output: Path | None, variant: Variant = "video") -> Path:
    """Where a film is saved: a name of ours, never one that the server sends."""
    safe = "".join(char if char.isalnum() or char in "-_" else "_" for char in video_id)
    name = f"{safe}.{_SUFFIXES[variant]}"
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


def refuse_taken(target: Path, *, force: bool) -> None:
    """Better told before anything was made than after.

    Raises:
        OutputExists: the file is there.
    """
    if target.exists() and not target.is_dir() and not force:
        raise OutputExists(f"{target} exists already.")


async def follow(video: AsyncVideo, shown: Display, timeout: float | None) -> None:  # noqa: ASYNC109 - the user says
    """Show a film's way until it is completed.

    Raises:
        VideoFailed: it ended without a film.
        WaitTimeout: the time is over, the film goes on.
    """
    try:
        async with asyncio.timeout(timeout):
            async for seen in video.events():
                shown.seen(seen)
    except TimeoutError:
        raise WaitTimeout(video_id=video.id) from None
    await video.wait()


async def save(
    frame: Frame, video: AsyncVideo, target: Path, shown: Display, *, force: bool, variant: Variant = "video"
) -> None:
    """Bring the file here and say where it is."""
    path = await video.save(target, variant=variant, force=force, on_bytes=shown.saving)
    shown.saved(video, path)
    report(frame, video, path)


def report(frame: Frame, video: AsyncVideo, path: Path | None) -> None:
    """The result: the path, or the film with its path for programs."""
    if frame.structured:
        frame.dump(video.to_dict() | {"path": str(path) if path else None})
    elif path is not None:
        frame.put(str(path))


async def each(frame: Frame, given: Sequence[str], act: Callable[[str, Display], Awaitable[None]]) -> int:
    """Do something with each film, one after the other; one that fails does not keep the others from it."""
    codes = []
    for video_id in read_ids(frame, given):
        with closing(display(frame)) as shown:
            try:
                await act(video_id, shown)
                codes.append(Exit.OK)
            except (FilmgateError, OSError) as error:
                shown.close()
                code, mend = verdict(error)
                frame.complain(error, mend)
                codes.append(code)
    if all(code == codes[0] for code in codes):
        return codes[0] if codes else Exit.OK
    return Exit.PARTIAL
