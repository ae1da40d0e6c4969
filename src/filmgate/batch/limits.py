"""The server's limits by model, checked against all rows before the first one is submitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from filmgate.batch.rows import BatchRow, Problem, VideoParams
from filmgate.client import ModelData
from filmgate.media.image_header import read_header

__all__ = ["ServerLimits"]

DEFAULT_MODEL = "sora-2"
"""The model of a request without one, as the API defines it."""


class ServerLimits(Struct, frozen=True):
    """Limits and prices, as far as the server lists them."""

    models: dict[str, ModelData] = {}

    @classmethod
    def from_models(cls, models: Sequence[ModelData]) -> ServerLimits:
        """Build the limits from a list of models."""
        return cls({model.id: model for model in models})

    @property
    def is_filmgate(self) -> bool:
        """Whether the server is a Filmgate: it lists all limits and honours Idempotency-Keys."""
        return any(model.engine for model in self.models.values())

    def problems(self, rows: Sequence[BatchRow]) -> list[Problem]:
        """Return all problems of the rows."""
        row_problems = [problem for row in rows for problem in self._row_problems(row)]
        return [*row_problems, *_duplicate_outputs(rows)]

    def price_micros(self, params: VideoParams) -> int | None:
        """Return the price of a video in micro-units; None if the server does not list it."""
        model = self.models.get(params.model or DEFAULT_MODEL)
        if model is None or not (model.price or model.price_per_call is not None):
            return None
        if model.price_per_call is not None:
            return model.price_per_call
        price_per_second = model.price.get(params.size or model.default_size or "", model.price.get("default"))
        seconds = params.seconds or model.default_seconds
        return None if price_per_second is None or seconds is None else price_per_second * int(seconds)

    def _row_problems(self, row: BatchRow) -> Iterator[Problem]:
        params, model = row.params, self.models.get(row.params.model or DEFAULT_MODEL)
        if model is not None:
            for name, value, known in (("size", params.size, model.sizes), ("seconds", params.seconds, model.seconds)):
                if value is not None and known and value not in known:
                    yield Problem(row.number, f"bad_{name}", {"value": value, "known": ", ".join(known)})
            if model.prompt_characters and len(params.prompt) > model.prompt_characters:
                yield Problem(
                    row.number, "prompt_too_long", {"count": len(params.prompt), "most": model.prompt_characters}
                )
        elif params.model is not None and self.is_filmgate:
            yield Problem(row.number, "bad_model", {"value": params.model, "known": ", ".join(self.models)})
        if params.image_path is not None:
            yield from _image_problems(row, params.image_path, params.size or (model.default_size if model else None))


def _image_problems(row: BatchRow, image_path: Path, size: str | None) -> Iterator[Problem]:
    try:
        with image_path.open("rb") as file:
            header = read_header(file)
    except OSError as error:
        yield Problem(row.number, "no_file", {"path": image_path, "reason": error.strerror or error})
        return
    if header is None:
        yield Problem(row.number, "not_an_image", {"path": image_path})
    elif size is not None and str(header.size) != size and row.params.fit in {None, "error"}:
        yield Problem(row.number, "image_size", {"path": image_path, "size": header.size, "wanted": size})


def _duplicate_outputs(rows: Sequence[BatchRow]) -> Iterator[Problem]:
    first_rows: dict[str, int] = {}
    for row in rows:
        if row.output is None or "{" in row.output:
            continue
        if row.output in first_rows:
            yield Problem(row.number, "same_output", {"path": row.output, "other": first_rows[row.output]})
        first_rows.setdefault(row.output, row.number)
