"""Chooses output paths for batch results; never overwrites an existing file or another row's output."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filmgate.batch.journal import Journal
from filmgate.batch.rows import BatchRow, Problem
from filmgate.cli.inputs import filename_template
from filmgate.client import AsyncVideo
from filmgate.errors import OutputExists, SettingsError

__all__ = ["DEFAULT_TEMPLATE", "OutputPaths"]

DEFAULT_TEMPLATE = "{n:03}-{slug}.{ext}"
"""File name template of rows without an own output."""


class OutputPaths:
    """Chooses the path of each row's video; called as ``output_paths(row, video)``.

    Args:
        folder: folder of all outputs.
        template: file name template of rows without an own output. Default: ``DEFAULT_TEMPLATE``.
        journal: knows the paths that unfinished rows have claimed.
        force: whether a row's own output may overwrite a file.

    Raises:
        SettingsError: the template is invalid.
    """

    def __init__(self, folder: Path, template: str | None, journal: Journal, *, force: bool) -> None:
        self._folder = folder
        self._template = template
        self._journal = journal
        self._force = force
        if template is not None:
            filename_template.check_template(template)

    def __call__(self, row: BatchRow, video: AsyncVideo) -> Path:
        """Return a path that is not taken.

        Raises:
            OutputExists: the row's own output is taken.
        """
        path = filename_template.join_inside(self._folder, self._render_name(row, video))
        if row.output is None or filename_template.is_template(row.output):
            return filename_template.unused_path(path, self._is_taken)
        if self._is_taken(path) and not self._force:
            raise OutputExists(f"{path} already exists.")
        return path

    def problems(self, rows: Sequence[BatchRow]) -> list[Problem]:
        """Return the problems of the rows' own outputs."""
        return [problem for row in rows if row.output is not None for problem in self._output_problems(row, row.output)]

    def _output_problems(self, row: BatchRow, output: str) -> Iterator[Problem]:
        try:
            filename_template.check_template(output)
            path = filename_template.join_inside(self._folder, self._with_suffix(Path(output)))
        except SettingsError as error:
            yield Problem(row.number, "output", {"reason": error.message})
            return
        state = self._journal.state(row.key)
        if not self._force and not filename_template.is_template(output) and state.path is None and path.exists():
            yield Problem(row.number, "exists", {"path": path})

    def _is_taken(self, path: Path) -> bool:
        return path.exists() or self._journal.claims_path(path)

    def _render_name(self, row: BatchRow, video: AsyncVideo) -> Path:
        fields = filename_template.FilenameFields(
            id=filename_template.sanitize_name(video.id),
            created=datetime.fromtimestamp(video.created_at or time.time(), UTC).astimezone(),
            slug=filename_template.slugify(row.params.prompt),
            model=video.model,
            size=video.size,
            seconds=video.seconds,
            n=row.number,
        )
        if row.output is not None:
            return self._with_suffix(filename_template.render_name(row.output, fields))
        if self._template is None and row.name:
            return Path(f"{filename_template.sanitize_name(row.name)}.{fields.ext}")
        return filename_template.render_name(self._template or DEFAULT_TEMPLATE, fields)

    def _with_suffix(self, path: Path) -> Path:
        return path if path.suffix else path.with_name(f"{path.name}.mp4")
