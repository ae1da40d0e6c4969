"""What the server says about its models, held against rows before the first of them is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from filmgate.batch.rows import Problem, Row, Wanted
from filmgate.client import Model
from filmgate.media.image_header import read_header

__all__ = ["Limits"]

DEFAULT_MODEL = "sora-2"
"""What a request without a model gets, by the API's own definition."""


class Limits(Struct, frozen=True):
    """What may be asked for and what it costs, as far as the server says."""

    models: dict[str, Model] = {}

    @classmethod
    def of(cls, models: Sequence[Model]) -> Limits:
        """Those of a list of models."""
        return cls({model.id: model for model in models})

    @property
    def ours(self) -> bool:
        """Whether the server is a Filmgate: it says all limits, and honours Idempotency-Keys."""
        return any(model.engine for model in self.models.values())

    def problems(self, rows: Sequence[Row]) -> list[Problem]:
        """Everything that is wrong with the rows."""
        found = [problem for row in rows for problem in self._of_row(row)]
        return [*found, *_same_output(rows)]

    def price(self, wanted: Wanted) -> int | None:
        """Micro-units that a film costs; None if the server does not say."""
        model = self.models.get(wanted.model or DEFAULT_MODEL)
        if model is None or not (model.price or model.price_per_call is not None):
            return None
        if model.price_per_call is not None:
            return model.price_per_call
        a_second = model.price.get(wanted.size or model.default_size or "", model.price.get("default"))
        seconds = wanted.seconds or model.default_seconds
        return None if a_second is None or seconds is None else a_second * int(seconds)

    def _of_row(self, row: Row) -> Iterator[Problem]:
        wanted, model = row.wanted, self.models.get(row.wanted.model or DEFAULT_MODEL)
        if model is not None:
            for name, value, known in (("size", wanted.size, model.sizes), ("seconds", wanted.seconds, model.seconds)):
                if value is not None and known and value not in known:
                    yield Problem(row.number, f"bad_{name}", {"value": value, "known": ", ".join(known)})
            if model.prompt_characters and len(wanted.prompt) > model.prompt_characters:
                yield Problem(row.number, "long", {"count": len(wanted.prompt), "most": model.prompt_characters})
        elif wanted.model is not None and self.ours:
            yield Problem(row.number, "bad_model", {"value": wanted.model, "known": ", ".join(self.models)})
        if wanted.picture is not None:
            yield from _of_picture(row, wanted.picture, wanted.size or (model.default_size if model else None))


def _of_picture(row: Row, picture: Path, size: str | None) -> Iterator[Problem]:
    try:
        with picture.open("rb") as file:
            header = read_header(file)
    except OSError as error:
        yield Problem(row.number, "no_file", {"path": picture, "reason": error.strerror or error})
        return
    if header is None:
        yield Problem(row.number, "no_picture", {"path": picture})
    elif size is not None and str(header.size) != size and row.wanted.fit in {None, "error"}:
        yield Problem(row.number, "picture_size", {"path": picture, "size": header.size, "wanted": size})


def _same_output(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        if row.output is None or "{" in row.output:
            continue
        if row.output in first:
            yield Problem(row.number, "same_output", {"path": row.output, "other": first[row.output]})
        first.setdefault(row.output, row.number)
