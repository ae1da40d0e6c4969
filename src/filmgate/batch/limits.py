"""What the server says about its models, held against rows before the first of them is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from filmgate.batch.rows import BatchRow, Problem, VideoParams
from filmgate.client import ModelData
from filmgate.media.image_header import read_header

__all__ = ["ServerLimits"]

DEFAULT_MODEL = "sora-2"
"""What a request without a model gets, by the API's own definition."""


class ServerLimits(Struct, frozen=True):
    """What may be asked for and what it costs, as far as the server says."""

    models: dict[str, ModelData] = {}

    @classmethod
    def from_models(cls, models: Sequence[ModelData]) -> ServerLimits:
        """Those of a list of models."""
        return cls({model.id: model for model in models})

    @property
    def is_filmgate(self) -> bool:
        """Whether the server is a Filmgate: it says all limits, and honours Idempotency-Keys."""
        return any(model.engine for model in self.models.values())

    def problems(self, rows: Sequence[BatchRow]) -> list[Problem]:
        """Everything that is wrong with the rows."""
        found = [problem for row in rows for problem in self._row_problems(row)]
        return [*found, *_duplicate_outputs(rows)]

    def price_micros(self, params: VideoParams) -> int | None:
        """Micro-units that a film costs; None if the server does not say."""
        model = self.models.get(params.model or DEFAULT_MODEL)
        if model is None or not (model.price or model.price_per_call is not None):
            return None
        if model.price_per_call is not None:
            return model.price_per_call
        a_second = model.price.get(params.size or model.default_size or "", model.price.get("default"))
        seconds = params.seconds or model.default_seconds
        return None if a_second is None or seconds is None else a_second * int(seconds)

    def _row_problems(self, row: BatchRow) -> Iterator[Problem]:
        wanted, model = row.params, self.models.get(row.params.model or DEFAULT_MODEL)
        if model is not None:
            for name, value, known in (("size", wanted.size, model.sizes), ("seconds", wanted.seconds, model.seconds)):
                if value is not None and known and value not in known:
                    yield Problem(row.number, f"bad_{name}", {"value": value, "known": ", ".join(known)})
            if model.prompt_characters and len(wanted.prompt) > model.prompt_characters:
                yield Problem(row.number, "prompt_too_long", {"count": len(wanted.prompt), "most": model.prompt_characters})
        elif wanted.model is not None and self.is_filmgate:
            yield Problem(row.number, "bad_model", {"value": wanted.model, "known": ", ".join(self.models)})
        if wanted.image_path is not None:
            yield from _image_problems(row, wanted.image_path, wanted.size or (model.default_size if model else None))


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
    first: dict[str, int] = {}
    for row in rows:
        if row.output is None or "{" in row.output:
            continue
        if row.output in first:
            yield Problem(row.number, "same_output", {"path": row.output, "other": first[row.output]})
        first.setdefault(row.output, row.number)
