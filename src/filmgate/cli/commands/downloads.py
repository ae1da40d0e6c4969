"""Following a film to its file: what ``generate``, ``watch`` and ``download`` have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from filmgate.cli import completers
from filmgate.cli.context import Frame
from filmgate.cli.display.progress import Display, display
from filmgate.cli.exit_codes import Exit, verdict
from filmgate.cli.inputs import filename_template
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.client.operations import Variant
from filmgate.errors import FilmgateError, OutputExists, SettingsError, WaitTimeout

__all__ = [
    "each",
    "follow",
    "ids_argument",
    "output_options",
    "read_id",
    "read_ids",
    "refuse_taken",
    "report",
    "save",
    "target_of",
    "waiting_options",
]

_SUFFIXES: dict[Variant, str] = {"video": "mp4", "thumbnail": "webp", "spritesheet": "jpg", "preview": "webp"}


def output_options(text: Texts) -> list[click.Parameter]:
    """``-o`` and ``--force``."""
    return [
        click.Option(["-o", "--output"], metavar=text("metavar.file"), help=text("generate.output")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
    ]


def waiting_options(text: Texts) -> list[click.Parameter]:
    """``--timeout`` and ``--poll-interval``."""
    seconds = click.FloatRange(min=0)
    return [
        click.Option(["--timeout"], type=seconds, metavar="S", help=text("generate.timeout")),
        click.Option(["--poll-interval"], type=seconds, metavar="S", help=text("generate.poll_interval")),
    ]


def ids_argument(text: Texts) -> click.Argument:
    """``ID…``."""
    return click.Argument(["ids"], nargs=-1, required=True, metavar=text("metavar.ids"), shell_complete=completers.ids)


def read_ids(frame: Frame, given: Sequence[str]) -> Iterator[str]:
    """The ids of the command line; ``-`` stands for those on standard input, one a line."""
    for video_id in given:
        if video_id != "-":
            yield video_id
            continue
        for line in frame.env.stdin:
            if line.strip():
                yield line.split()[0]


def read_id(frame: Frame, given: str) -> str:
    """The one id; ``-``: the first on standard input.

    Raises:
        SettingsError: there is none.
    """
    found = next(read_ids(frame, [given]), None)
    if found is None:
        raise SettingsError(frame.text("ids.none"))
    return found


def target_of(video: AsyncVideo, output: str | None, variant: Variant = "video", *, prompt: str | None = None) -> Path:
    """Where a film is saved: a name of ours, never one that the server sends.

    Args:
        video: the film.
        output: a file, a folder or a template; see :mod:`filmgate.cli.inputs.filename_template`.
        variant: the film, or one of its pictures.
        prompt: where the server does not repeat it.
    """
    film = filename_template.Film(
        id=video.id,
        created=datetime.fromtimestamp(video.created_at, UTC).astimezone(),
        ext=_SUFFIXES[variant],
        slug=filename_template.slug(video.prompt or prompt or ""),
        model=video.model,
        size=video.size,
        seconds=video.seconds,
    )
    if output is None or _is_folder(output):
        return Path(output or "") / filename_template.name_of(filename_template.DEFAULT, film)
    if not filename_template.is_template(output):
        return Path(output)
    path = filename_template.name_of(output, film)
    return (
        path if "{id" in output else filename_template.free(path, Path.exists)
    )  # without the id it may be another film's


def refuse_taken(output: str | Path | None, *, force: bool) -> None:
    """Better told before anything was made than after.

    Raises:
        OutputExists: the file is there.
        SettingsError: the template names nothing.
    """
    if output is None or _is_folder(output):
        return
    if filename_template.is_template(str(output)):
        filename_template.check(str(output))
    elif Path(output).exists() and not force:
        raise OutputExists(f"{output} exists already.")


async def follow(
    video: AsyncVideo,
    shown: Display,
    timeout: float | None,  # noqa: ASYNC109 - the user says
    interval: float | None = None,
) -> None:
    """Show a film's way until it is completed; ``interval``: fixed seconds between looks.

    Raises:
        VideoFailed: it ended without a film.
        WaitTimeout: the time is over, the film goes on.
    """
    if interval is not None:
        await video.wait(timeout, on_progress=shown.seen, poll_interval=interval)
        return
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
    frame.leave_saving(video.id, target)
    path = await video.save(target, variant=variant, force=force, on_bytes=shown.saving)
    shown.saved(video, path)
    report(frame, video, path)


def _is_folder(output: str | Path) -> bool:
    return str(output).endswith("/") or Path(output).is_dir()


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
