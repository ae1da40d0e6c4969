"""Where the films of a batch go: names of their rows' or of a template's, never over each other or a file of yours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filmgate.batch.journal import Journal
from filmgate.batch.rows import Problem, Row
from filmgate.cli.inputs import filename_template
from filmgate.client import AsyncVideo
from filmgate.errors import OutputExists, SettingsError

__all__ = ["DEFAULT", "Places"]

DEFAULT = "{n:03}-{slug}.{ext}"
"""The name of a film whose row has none of its own."""


class Places:
    """Finds a place for each row's film; ``places(row, video)``.

    Args:
        out: the folder that they all lie in.
        template: of names, for rows that don't say.
        journal: knows which places are taken by rows whose films are still on their way.
        force: whether a row's own name may replace a file.

    Raises:
        SettingsError: the template can't name a file.
    """

    def __init__(self, out: Path, template: str | None, journal: Journal, *, force: bool) -> None:
        self._out = out
        self._template = template
        self._journal = journal
        self._force = force
        if template is not None:
            filename_template.check(template)

    def __call__(self, row: Row, video: AsyncVideo) -> Path:
        """A path that is free.

        Raises:
            OutputExists: the row has a name of its own, and it is taken.
        """
        path = filename_template.within(self._out, self._name(row, video))
        if row.output is None or filename_template.is_template(row.output):
            return filename_template.free(path, self._taken)
        if self._taken(path) and not self._force:
            raise OutputExists(f"{path} exists already.")
        return path

    def problems(self, rows: Sequence[Row]) -> list[Problem]:
        """What is wrong with the rows' own names."""
        return [problem for row in rows if row.output is not None for problem in self._of(row, row.output)]

    def _of(self, row: Row, output: str) -> Iterator[Problem]:
        try:
            filename_template.check(output)
            path = filename_template.within(self._out, self._suffixed(Path(output)))
        except SettingsError as error:
            yield Problem(row.number, "output", {"reason": error.message})
            return
        state = self._journal.state(row.key)
        if not self._force and not filename_template.is_template(output) and state.path is None and path.exists():
            yield Problem(row.number, "exists", {"path": path})

    def _taken(self, path: Path) -> bool:
        return path.exists() or self._journal.names(path)

    def _name(self, row: Row, video: AsyncVideo) -> Path:
        film = filename_template.Film(
            id=filename_template.safe(video.id),
            created=datetime.fromtimestamp(video.created_at or time.time(), UTC).astimezone(),
            slug=filename_template.slug(row.wanted.prompt),
            model=video.model,
            size=video.size,
            seconds=video.seconds,
            n=row.number,
        )
        if row.output is not None:
            return self._suffixed(filename_template.name_of(row.output, film))
        if self._template is None and row.name:
            return Path(f"{filename_template.safe(row.name)}.{film.ext}")
        return filename_template.name_of(self._template or DEFAULT, film)

    def _suffixed(self, path: Path) -> Path:
        return path if path.suffix else path.with_name(f"{path.name}.mp4")
