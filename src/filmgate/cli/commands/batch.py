"""``filmgate batch``: a film of each row of a file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from filmgate.batch.formats import FORMATS, Format
from filmgate.batch.journal import Journal
from filmgate.batch.limits import Limits
from filmgate.batch.parser import Sheet, read
from filmgate.batch.rate_limiter import Pace
from filmgate.batch.reports import as_dict, write_archive, write_failed
from filmgate.batch.row_worker import Maker, Purse, spent
from filmgate.batch.rows import Row
from filmgate.batch.runner import Ran, ordered, run
from filmgate.cli.command import Command
from filmgate.cli.commands import batch_common
from filmgate.cli.context import Frame
from filmgate.cli.display.batch_progress import board
from filmgate.cli.exit_codes import Exit
from filmgate.cli.inputs.output_paths import Places
from filmgate.cli.texts import Texts
from filmgate.client import AsyncClient

__all__ = ["commands"]

STDIN = Path("stdin")
"""What a batch from standard input is called."""


def commands(text: Texts) -> dict[str, click.Command]:
    """The command."""
    params: list[click.Parameter] = [
        click.Argument(["file"], type=click.Path(path_type=Path, allow_dash=True), metavar=text("metavar.file")),
        *batch_common.options(text),
        *_options(text),
    ]
    return {"batch": Command("batch", text, _batch, params)}


def _options(text: Texts) -> list[click.Parameter]:
    path = click.Path(path_type=Path)
    return [
        click.Option(["-o", "--output"], metavar=text("metavar.template"), help=text("batch.output")),
        click.Option(["--model"], metavar="NAME", help=text("batch.model")),
        click.Option(["--size"], metavar="WxH", help=text("batch.size")),
        click.Option(["--seconds"], metavar="N", help=text("batch.seconds")),
        click.Option(["--fit"], type=click.Choice(["error", "crop", "pad"]), help=text("generate.fit")),
        click.Option(["--limit"], type=click.IntRange(min=0), metavar="N", help=text("batch.limit")),
        click.Option(["--archive"], type=path, metavar=text("metavar.file"), help=text("batch.archive")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
        click.Option(["--as", "form"], type=click.Choice(FORMATS), help=text("batch.as")),
        click.Option(["--encoding"], metavar="NAME", help=text("batch.encoding")),
    ]


async def _batch(frame: Frame, **given: Any) -> int:
    asked = _Asked(frame, **given)
    sheet = asked.read()
    if sheet.problems:
        return batch_common.refuse(frame, sheet.problems)
    with batch_common.journal(asked.folder, dry_run=asked.crowd.dry_run) as journal:
        async with frame.client(works=not asked.crowd.dry_run) as client:
            limits = await batch_common.limits(client)
            places = Places(asked.out, asked.template, journal, force=asked.force)
            problems = [*limits.problems(sheet.rows), *places.problems(sheet.rows)]
            problems += batch_common.unpriced(asked.crowd, sheet.rows, limits)
            if problems:
                return batch_common.refuse(frame, problems)
            if asked.crowd.dry_run:
                batch_common.plan(frame, sheet.rows, journal, limits)
                return Exit.OK
            ran = await _run(frame, asked, sheet.rows, journal, limits, places, client)
            return _finish(frame, asked, ran, journal)


class _Asked:
    """The command line, understood."""

    def __init__(
        self,
        frame: Frame,
        *,
        file: Path,
        output: str | None,
        limit: int | None,
        archive: Path | None,
        force: bool,
        form: Format | None,
        encoding: str | None,
        model: str | None,
        size: str | None,
        seconds: str | None,
        fit: str | None,
        **shared: Any,
    ) -> None:
        self._frame = frame
        self._piped = str(file) == "-"
        self.file = STDIN if self._piped else file
        self.template, self.limit, self.archive, self.force = output, limit, archive, force
        self._form, self._encoding = form, encoding
        self._defaults = {"model": model, "size": size, "seconds": seconds, "fit": fit}
        self.crowd = batch_common.Asked(**shared)
        self.folder = self.crowd.journal or self.file.with_name(f"{self.file.name}.filmgate")
        self.out = self.crowd.out or batch_common.folder_beside(self.file)

    def read(self) -> Sheet:
        """The file's rows, or what is wrong with them."""
        name, folder = ("", Path()) if self._piped else (self.file.name, self.file.parent)
        data = batch_common.standard_input(self._frame) if self._piped else self.file.read_bytes()
        return read(data, name, folder, form=self._form, encoding=self._encoding, defaults=self._defaults)


async def _run(
    frame: Frame,
    asked: _Asked,
    rows: Sequence[Row],
    journal: Journal,
    limits: Limits,
    places: Places,
    client: AsyncClient,
) -> Ran:
    purse = Purse(asked.crowd.budget, spent(journal))
    with closing(board(frame, purse)) as shown:
        maker = Maker(
            videos=client.videos,
            server=batch_common.server(frame, client, limits),
            journal=journal,
            pace=Pace(asked.crowd.rate),
            purse=purse,
            price=lambda row: limits.price(row.wanted),
            place=places,
            watcher=shown,
            rules=asked.crowd.rules,
        )
        shown.began(len(ordered(rows, journal, asked.limit)))
        return await run(rows, maker.make, journal, concurrency=asked.crowd.concurrency, most=asked.limit)


def _finish(frame: Frame, asked: _Asked, ran: Ran, journal: Journal) -> int:
    failed = asked.folder / "failed.jsonl"
    again = write_failed(failed, ran.results)
    if asked.archive is not None:
        write_archive(asked.archive, ran.results)
    if frame.options.format == "json":
        frame.dump([as_dict(result) for result in ran.results])
    batch_common.summary(frame, ran, asked.out, spent(journal))
    if again:
        frame.tell("batch.again", file=failed, out=asked.out)
    return batch_common.verdict_of(frame, ran)
