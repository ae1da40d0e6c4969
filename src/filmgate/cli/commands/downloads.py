"""Waiting for a video and saving it: shared by ``generate``, ``watch`` and ``download``."""

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
    """Return ``-o`` and ``--force``."""
    return [
        click.Option(["-o", "--output"], metavar=text("metavar.file"), help=text("generate.output")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
    ]


def waiting_options(text: Texts) -> list[click.Parameter]:
    """Return ``--timeout`` and ``--poll-interval``."""
    seconds = click.FloatRange(min=0)
    return [
        click.Option(["--timeout"], type=seconds, metavar="S", help=text("generate.timeout")),
        click.Option(["--poll-interval"], type=seconds, metavar="S", help=text("generate.poll_interval")),
    ]


def ids_argument(text: Texts) -> click.Argument:
    """Return the argument ``ID…``."""
    return click.Argument(
        ["ids"], nargs=-1, required=True, metavar=text("metavar.ids"), shell_complete=completers.complete_ids
    )


def read_ids(context: CliContext, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the ids of the command line; ``-`` stands for those on standard input, one a line."""
    for video_id in arguments:
        if video_id != "-":
            yield video_id
            continue
        for line in context.env.stdin:
            if line.strip():
                yield line.split()[0]


def read_id(context: CliContext, argument: str) -> str:
    """Return the id; ``-``: the first on standard input.

    Raises:
        SettingsError: standard input has none.
    """
    video_id = next(read_ids(context, [argument]), None)
    if video_id is None:
        raise SettingsError(context.text("ids.empty_stdin"))
    return video_id


def output_path(
    video: AsyncVideo, output: str | None, variant: Variant = "video", *, prompt: str | None = None
) -> Path:
    """Return the path to save a video to; the server never chooses the name.

    Args:
        video: the video.
        output: a file, a folder or a template; see :mod:`filmgate.cli.inputs.filename_template`.
        variant: the video or one of its images.
        prompt: the prompt, for servers that do not return it.
    """
    fields = filename_template.FilenameFields(
        id=video.id,
        created=datetime.fromtimestamp(video.created_at, UTC).astimezone(),
        ext=_SUFFIXES[variant],
        slug=filename_template.slugify(video.prompt or prompt or ""),
        model=video.model,
        size=video.size,
        seconds=video.seconds,
    )
    if output is None or _is_folder(output):
        return Path(output or "") / filename_template.render_name(filename_template.DEFAULT_TEMPLATE, fields)
    if not filename_template.is_template(output):
        return Path(output)
    path = filename_template.render_name(output, fields)
    return (
        path if "{id" in output else filename_template.unused_path(path, Path.exists)
    )  # without the id in it, another video may have this name


def check_output_free(output: str | Path | None, *, force: bool) -> None:
    """Check the output before a video is submitted.

    Raises:
        OutputExists: the file exists.
        SettingsError: the template is invalid.
    """
    if output is None or _is_folder(output):
        return
    if filename_template.is_template(str(output)):
        filename_template.check_template(str(output))
    elif Path(output).exists() and not force:
        raise OutputExists(f"{output} already exists.")


async def follow(
    video: AsyncVideo,
    progress: ProgressDisplay,
    timeout: float | None,  # noqa: ASYNC109 - the user says
    interval: float | None = None,
) -> None:
    """Show the progress of a video until it is completed; ``interval``: fixed seconds between polls.

    Raises:
        VideoFailed: the video failed.
        WaitTimeout: ``timeout`` passed; the video continues.
    """
    if interval is not None:
        await video.wait(timeout, on_progress=progress.updated, poll_interval=interval)
        return
    try:
        async with asyncio.timeout(timeout):
            async for update in video.events():
                progress.updated(update)
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
    """Download the file and print its path."""
    context.on_interrupt_download(video.id, target)
    path = await video.save(target, variant=variant, force=force, on_bytes=progress.downloading)
    progress.saved(video, path)
    print_result(context, video, path)


def _is_folder(output: str | Path) -> bool:
    return str(output).endswith("/") or Path(output).is_dir()


def print_result(context: CliContext, video: AsyncVideo, path: Path | None) -> None:
    """Print the result: the path, or as JSON the video with its path."""
    if context.structured:
        context.print_json(video.to_dict() | {"path": str(path) if path else None})
    elif path is not None:
        context.print_out(str(path))


async def for_each_video(
    context: CliContext, arguments: Sequence[str], act: Callable[[str, ProgressDisplay], Awaitable[None]]
) -> int:
    """Call ``act`` for each video in turn and return the exit code; an error does not stop the others."""
    codes = []
    for video_id in read_ids(context, arguments):
        with closing(create_display(context)) as display:
            try:
                await act(video_id, display)
                codes.append(ExitCode.OK)
            except (FilmgateError, OSError) as error:
                display.close()
                code, hint = exit_and_hint(error)
                context.print_error(error, hint)
                codes.append(code)
    if all(code == codes[0] for code in codes):
        return codes[0] if codes else ExitCode.OK
    return ExitCode.PARTIAL
