"""``filmgate story``: one film of many shots."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from filmgate.batch.journal import Journal
from filmgate.batch.rate_limiter import Pace
from filmgate.batch.reports import as_dict
from filmgate.batch.results import DONE
from filmgate.batch.row_worker import Maker, Purse, spent
from filmgate.batch.rows import Row
from filmgate.batch.runner import Ran
from filmgate.batch.story_runner import film_of, run
from filmgate.batch.story_script import Script, read
from filmgate.cli.command import Command
from filmgate.cli.commands import batch_common
from filmgate.cli.context import Frame
from filmgate.cli.display.batch_progress import board
from filmgate.cli.display.tables import size
from filmgate.cli.exit_codes import Exit
from filmgate.cli.inputs import filename_template
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.errors import OutputExists

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    path = click.Path(path_type=Path)
    params: list[click.Parameter] = [
        click.Argument(["file"], type=path, metavar=text("metavar.file")),
        *batch_common.options(text),
        click.Option(["-o", "--output"], type=path, metavar=text("metavar.file"), help=text("story.output")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
    ]
    return {"story": Command("story", text, _story, params)}


async def _story(frame: Frame, file: Path, output: Path | None, *, force: bool, **shared: Any) -> int:
    asked = batch_common.Asked(**shared)
    script = _script(file)
    if script.problems:
        return batch_common.refuse(frame, script.problems, "shot")
    folder = asked.journal or file.with_name(f"{file.name}.filmgate")
    out = asked.out or batch_common.folder_beside(file)
    film = output or out / f"{filename_template.slug(script.title or file.stem)}.mp4"
    with batch_common.journal(folder, dry_run=asked.dry_run) as journal:
        if film.exists() and not journal.names(film) and not force:
            raise OutputExists(f"{film} exists already.")
        ran = await _told(frame, asked, script, out, journal)
        if isinstance(ran, Exit):
            return ran
        batch_common.summary(frame, ran, out, spent(journal), "shot")
        if any(result.outcome not in DONE for result in ran.results):
            return batch_common.verdict_of(frame, ran)
        return await _film(frame, ran, film, journal)


async def _told(frame: Frame, asked: batch_common.Asked, script: Script, out: Path, journal: Journal) -> Ran | Exit:
    """The story's shots; or how the command ends if there is nothing to be made."""
    rows = [shot.row for shot in script.shots]
    async with frame.client(works=not asked.dry_run) as client:
        limits = await batch_common.limits(client)
        problems = [*limits.problems(rows), *batch_common.unpriced(asked, rows, limits)]
        if problems:
            return batch_common.refuse(frame, problems, "shot")
        if asked.dry_run:
            after = {shot.row.key: shot.after for shot in script.shots}
            batch_common.plan(frame, rows, journal, limits, after)
            return Exit.OK
        purse = Purse(asked.budget, spent(journal))
        with closing(board(frame, purse, "shot")) as shown:
            shown.began(len(rows))
            maker = Maker(
                videos=client.videos,
                server=batch_common.server(frame, client, limits),
                journal=journal,
                pace=Pace(asked.rate),
                purse=purse,
                price=lambda row: limits.price(row.wanted),
                place=_Shots(out / "shots", journal),
                watcher=shown,
                rules=asked.rules,
            )
            return await run(script.shots, maker.make, journal, concurrency=asked.concurrency)


def _script(file: Path) -> Script:
    return read(file.read_bytes(), file.name, file.parent)


class _Shots:
    """Finds a place for each shot's film, by its number and name; another take of it gets a name of its own."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal

    def __call__(self, row: Row, _video: AsyncVideo) -> Path:
        """A path that is free."""
        path = self._folder / f"{row.number:02}-{filename_template.slug(row.name)}.mp4"
        return filename_template.free(path, lambda taken: taken.exists() or self._journal.names(taken))


async def _film(frame: Frame, ran: Ran, film: Path, journal: Journal) -> int:
    frame.tell("story.joining", count=len(ran.results))
    await asyncio.to_thread(film_of, ran.results, film, journal)
    _show(frame, ran, film)
    return Exit.OK


def _show(frame: Frame, ran: Ran, film: Path) -> None:
    frame.tell("progress.saved", path=film, size=size(film.stat().st_size))
    if frame.structured:
        frame.dump({"film": str(film), "shots": [as_dict(result) for result in ran.results]})
    elif not frame.human:
        frame.put(str(film))
