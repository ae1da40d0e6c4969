"""``filmgate story``: one video from many shots."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from filmgate.batch.journal import Journal
from filmgate.batch.rate_limiter import RateLimiter
from filmgate.batch.reports import result_to_dict
from filmgate.batch.results import SAVED_OUTCOMES
from filmgate.batch.row_worker import Budget, RowWorker, total_spent_micros
from filmgate.batch.rows import BatchRow
from filmgate.batch.runner import BatchResult
from filmgate.batch.story_runner import join_shots, run_story
from filmgate.batch.story_script import StoryScript, read_script
from filmgate.cli.command import Command
from filmgate.cli.commands import batch_common
from filmgate.cli.context import CliContext
from filmgate.cli.display.batch_progress import create_batch_display
from filmgate.cli.display.tables import format_bytes
from filmgate.cli.exit_codes import ExitCode
from filmgate.cli.inputs import filename_template
from filmgate.cli.texts import Texts
from filmgate.client import AsyncVideo
from filmgate.errors import OutputExists

__all__ = ["commands"]


def commands(text: Texts) -> dict[str, click.Command]:
    """Return the command by name."""
    path = click.Path(path_type=Path)
    params: list[click.Parameter] = [
        click.Argument(["file"], type=path, metavar=text("metavar.file")),
        *batch_common.options(text),
        click.Option(["-o", "--output"], type=path, metavar=text("metavar.file"), help=text("story.output")),
        click.Option(["--force"], is_flag=True, help=text("generate.force")),
    ]
    return {"story": Command("story", text, _story, params)}


async def _story(context: CliContext, file: Path, output: Path | None, *, force: bool, **shared: Any) -> int:
    options = batch_common.BatchOptions(**shared)
    script = _script(file)
    if script.problems:
        return batch_common.report_problems(context, script.problems, "shot")
    folder = options.journal or file.with_name(f"{file.name}.filmgate")
    out = options.out or batch_common.folder_beside(file)
    joined_path = output or out / f"{filename_template.slugify(script.title or file.stem)}.mp4"
    with batch_common.open_journal(folder, dry_run=options.dry_run) as journal:
        if joined_path.exists() and not journal.claims_path(joined_path) and not force:
            raise OutputExists(f"{joined_path} already exists.")
        outcome = await _run_shots(context, options, script, out, journal)
        if isinstance(outcome, ExitCode):
            return outcome
        batch_common.print_summary(context, outcome, out, total_spent_micros(journal), "shot")
        if any(result.outcome not in SAVED_OUTCOMES for result in outcome.results):
            return batch_common.exit_code_of(context, outcome)
        return await _join(context, outcome, joined_path, journal)


async def _run_shots(
    context: CliContext, options: batch_common.BatchOptions, script: StoryScript, out: Path, journal: Journal
) -> BatchResult | ExitCode:
    """Generate the shots; an exit code if there are problems or it is a dry run."""
    rows = [shot.row for shot in script.shots]
    async with context.client(run_engine=not options.dry_run) as client:
        limits = await batch_common.fetch_limits(client)
        problems = [*limits.problems(rows), *batch_common.unpriced_rows(options, rows, limits)]
        if problems:
            return batch_common.report_problems(context, problems, "shot")
        if options.dry_run:
            after = {shot.row.key: shot.continues_from for shot in script.shots}
            batch_common.print_plan(context, rows, journal, limits, after)
            return ExitCode.OK
        budget = Budget(options.budget, total_spent_micros(journal))
        with closing(create_batch_display(context, budget, "shot")) as display:
            display.started(len(rows))
            worker = RowWorker(
                videos=client.videos,
                server=batch_common.server_identity(context, client, limits),
                journal=journal,
                rate_limiter=RateLimiter(options.rate),
                budget=budget,
                price=lambda row: limits.price_micros(row.params),
                choose_path=_ShotPaths(out / "shots", journal),
                listener=display,
                rules=options.rules,
            )
            return await run_story(script.shots, worker.process, journal, concurrency=options.concurrency)


def _script(file: Path) -> StoryScript:
    return read_script(file.read_bytes(), file.name, file.parent)


class _ShotPaths:
    """Chooses the path of each shot by its number and name; another take gets a new name."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal

    def __call__(self, row: BatchRow, _video: AsyncVideo) -> Path:
        """Return a path that is not taken."""
        path = self._folder / f"{row.number:02}-{filename_template.slugify(row.name)}.mp4"
        return filename_template.unused_path(path, lambda taken: taken.exists() or self._journal.claims_path(taken))


async def _join(context: CliContext, batch_result: BatchResult, output: Path, journal: Journal) -> int:
    context.info("story.joining", count=len(batch_result.results))
    await asyncio.to_thread(join_shots, batch_result.results, output, journal)
    _print_result(context, batch_result, output)
    return ExitCode.OK


def _print_result(context: CliContext, batch_result: BatchResult, output: Path) -> None:
    context.info("progress.saved", path=output, size=format_bytes(output.stat().st_size))
    if context.structured:
        context.print_json({"path": str(output), "shots": [result_to_dict(result) for result in batch_result.results]})
    elif not context.human:
        context.print_out(str(output))
