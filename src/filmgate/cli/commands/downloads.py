"""Following a film to its file: what ``generate``, ``watch`` and ``download`` have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from filmgate.cli import completers
from filmgate.cli.context import CliContext
from filmgate.cli.display.progress import ProgressDisplay, create_display
from filmgate.cli.exit_codes import ExitCode, exit_and_hint
from filmgate.cli.inputs import filename_template
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.client.operations import Variant
from filmgate.errors import FilmgateError, OutputExists, SettingsError, WaitTimeout

__all__ = [
    "check_output_free",
    "follow",
    "for_each_video",
    "ids_argument",
    "output_options",
    "output_path",
    "print_result",
    "read_id",
    "read_ids",
    "save_video",
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
    return click.Argument(
        ["ids"], nargs=-1, required=True, metavar=text("metavar.ids"), shell_complete=completers.complete_ids
    )


def read_ids(context: CliContext, arguments: Sequence[str]) -> Iterator[str]:
    """The ids of the command line; ``-`` stands for those on standard input, one a line."""
    for video_id in arguments:
        if video_id != "-":
            yield video_id
            continue
        for line in context.env.stdin:
            if line.strip():
                yield line.split()[0]


def read_id(context: CliContext, argument: str) -> str:
    """The one id; ``-``: the first on standard input.

    Raises:
        SettingsError: there is none.
    """
    found = next(read_ids(context, [argument]), None)
    if found is None:
        raise SettingsError(context.text("ids.empty_stdin"))
    return found


def output_path(
    video: AsyncVideo, output: str | None, variant: Variant = "video", *, prompt: str | None = None
) -> Path:
    """Where a film is saved: a name of ours, never one that the server sends.

    Args:
        video: the film.
        output: a file, a folder or a template; see :mod:`filmgate.cli.inputs.filename_template`.
        variant: the film, or one of its pictures.
        prompt: where the server does not repeat it.
    """
    film = filename_template.FilenameFields(
        id=video.id,
        created=datetime.fromtimestamp(video.created_at, UTC).astimezone(),
        ext=_SUFFIXES[variant],
        slug=filename_template.slugify(video.prompt or prompt or ""),
        model=video.model,
        size=video.size,
        seconds=video.seconds,
    )
    if output is None or _is_folder(output):
        return Path(output or "") / filename_template.render_name(filename_template.DEFAULT_TEMPLATE, film)
    if not filename_template.is_template(output):
        return Path(output)
    path = filename_template.render_name(output, film)
    return (
        path if "{id" in output else filename_template.unused_path(path, Path.exists)
    )  # without the id it may be another film's


def check_output_free(output: str | Path | None, *, force: bool) -> None:
    """Better told before anything was made than after.

    Raises:
        OutputExists: the file is there.
        SettingsError: the template names nothing.
    """
    if output is None or _is_folder(output):
        return
    if filename_template.is_template(str(output)):
        filename_template.check_template(str(output))
    elif Path(output).exists() and not force:
        raise OutputExists(f"{output} exists already.")


async def follow(
    video: AsyncVideo,
    progress: ProgressDisplay,
    timeout: float | None,  # noqa: ASYNC109 - the user says
    interval: float | None = None,
) -> None:
    """Show a film's way until it is completed; ``interval``: fixed seconds between looks.

    Raises:
        VideoFailed: it ended without a film.
        WaitTimeout: the time is over, the film goes on.
    """
    if interval is not None:
        await video.wait(timeout, on_progress=progress.updated, poll_interval=interval)
        return
    try:
        async with asyncio.timeout(timeout):
            async for seen in video.events():
                progress.updated(seen)
    except TimeoutError:
        raise WaitTimeout(video_id=video.id) from None
    await video.wait()


async def save_video(
    context: CliContext,
    video: AsyncVideo,
    target: Path,
    progress: ProgressDisplay,
    *,
    force: bool,
    variant: Variant = "video",
) -> None:
    """Bring the file here and say where it is."""
    context.on_interrupt_download(video.id, target)
    path = await video.save(target, variant=variant, force=force, on_bytes=progress.downloading)
    progress.saved(video, path)
    print_result(context, video, path)


def _is_folder(output: str | Path) -> bool:
    return str(output).endswith("/") or Path(output).is_dir()


def print_result(context: CliContext, video: AsyncVideo, path: Path | None) -> None:
    """The result: the path, or the film with its path for programs."""
    if context.structured:
        context.print_json(video.to_dict() | {"path": str(path) if path else None})
    elif path is not None:
        context.print_out(str(path))


async def for_each_video(
    context: CliContext, arguments: Sequence[str], act: Callable[[str, ProgressDisplay], Awaitable[None]]
) -> int:
    """Do something with each film, one after the other; one that fails does not keep the others from it."""
    codes = []
    for video_id in read_ids(context, arguments):
        with closing(create_display(context)) as shown:
            try:
                await act(video_id, shown)
                codes.append(ExitCode.OK)
            except (FilmgateError, OSError) as error:
                shown.close()
                code, mend = exit_and_hint(error)
                context.print_error(error, mend)
                codes.append(code)
    if all(code == codes[0] for code in codes):
        return codes[0] if codes else ExitCode.OK
    return ExitCode.PARTIAL
