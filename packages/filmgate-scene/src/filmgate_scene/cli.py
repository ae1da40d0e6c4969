"""``filmgate scene``: explains how the embedded renderer understands a prompt, and draws single frames.

``filmgate --help`` imports this module for one line, so its top-level imports are only what every command has loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from msgspec import Struct

from filmgate.cli.command import Command, CommandGroup
from filmgate.cli.context import CliContext
from filmgate.cli.terminal_text import display_width, wrap
from filmgate.cli.texts import Texts
from filmgate.errors import OutputExists

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filmgate.domain import Size

__all__ = ["commands"]

_DEFAULT_SIZE = "1280x720"
_MAX_IMAGE_BYTES = 100 * 1024 * 1024
_LINE_WIDTH = 88  # maximum width in cells, for lines that are easy to read

Row: TypeAlias = tuple[str, str]
"""The text name of a label and its value; labels with an empty value are not shown."""


def commands(text: Texts) -> dict[str, click.Command]:
    """The command group."""
    text.include("filmgate_scene.texts")
    shared = [
        click.Argument(["prompt"], metavar=text("metavar.prompt")),
        click.Option(["--size"], default=_DEFAULT_SIZE, type=_SizeType(text), metavar="WxH", help=text("scene.size")),
        click.Option(["--seconds"], default=8, type=click.IntRange(1, 60), metavar="N", help=text("scene.seconds")),
        click.Option(["--seed"], type=int, metavar="N", help=text("generate.seed")),
        click.Option(["-i", "--image"], type=_file_type(), metavar=text("metavar.file"), help=text("scene.image")),
    ]
    still = [
        click.Option(["--at"], default=1.0, type=click.FloatRange(min=0), metavar="S", help=text("scene.at")),
        click.Option(["-o", "--output"], default="frame.png", type=click.Path(path_type=Path), help=text("scene.png")),
        click.Option(["--force"], is_flag=True, help=text("scene.force")),
    ]
    actions = [
        Command("explain", text, _explain, shared, key="scene_explain"),
        Command("frame", text, _frame, [*shared, *still], key="scene_frame"),
    ]
    return {"scene": CommandGroup("scene", text, actions, "scene")}


class _SceneRequest(Struct, frozen=True, kw_only=True):
    """The options that both commands share."""

    prompt: str
    size: Size
    seconds: int
    seed: int | None
    image: Path | None

    def render_args(self) -> dict[str, Any]:
        """Arguments for the renderer; the seed is the one that ``generate`` would use."""
        from filmgate.domain import default_seed  # noqa: PLC0415 - help does not need it

        seed = default_seed(self.prompt, self.size, self.seconds) if self.seed is None else self.seed
        image = None if self.image is None else _load_image(self.image, self.size)
        return {"seed": seed, "seconds": self.seconds, "size": self.size, "image": image}


async def _explain(ctx: CliContext, **options: Any) -> None:
    import asyncio  # noqa: PLC0415 - help does not need an event loop

    explained = await asyncio.to_thread(_build_explanation, _SceneRequest(**options))
    if ctx.structured:
        ctx.print_json(explained)
    elif ctx.quiet:
        ctx.print_out(str(explained["summary"]))
    else:
        _print_explanation(ctx, explained)


async def _frame(ctx: CliContext, *, at: float, output: Path, force: bool, **options: Any) -> None:
    import asyncio  # noqa: PLC0415 - help does not need an event loop

    await asyncio.to_thread(_write_frame, _SceneRequest(**options), at, output, force=force)
    if ctx.structured:
        ctx.print_json({"path": str(output), "size": str(options["size"]), "at": at})
    else:
        ctx.print_out(str(output))


def _build_explanation(request: _SceneRequest) -> dict[str, Any]:
    from filmgate_scene.explain import explain_shots  # noqa: PLC0415 - it loads the renderer

    return explain_shots(request.prompt, **request.render_args())


def _write_frame(request: _SceneRequest, at: float, output: Path, *, force: bool) -> None:
    if output.exists() and not force:
        raise OutputExists(f"{output} exists already.")
    from PIL import Image  # noqa: PLC0415 - only this command needs it

    from filmgate_scene.still import render_still  # noqa: PLC0415 - it loads the renderer

    Image.fromarray(render_still(request.prompt, at=at, **request.render_args())).save(output, "PNG")


def _load_image(image: Path, size: Size) -> NDArray[np.float32]:
    """Load the image as an upload would be processed, cropped to the video's size."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - only an image needs it

    from filmgate.domain import Fit  # noqa: PLC0415 - the same
    from filmgate.media.images import normalize_image  # noqa: PLC0415 - only an image needs it
    from filmgate_scene.shots import read_image  # noqa: PLC0415 - it loads the renderer

    with TemporaryDirectory() as folder:
        out = Path(folder) / "image.png"
        normalize_image(image, size=size, fit=Fit.CROP, limit=_MAX_IMAGE_BYTES, out=out)
        return read_image(out)


# -- output for people


def _print_explanation(ctx: CliContext, explained: Mapping[str, Any]) -> None:
    """Print aligned labels and values, one paragraph for each shot."""
    text = _ExplanationText(ctx.text)
    video = explained["video"]
    head = [
        ("scene.row.prompt", " ".join(explained["prompt"].split())),
        ("scene.row.language", ctx.text(f"scene.language.{explained['language']}")),
        ("scene.row.video", text.video(video, explained)),
        ("scene.row.image", ctx.text("scene.reference") if video["image"] else ""),
        ("scene.row.unrecognised", text.join(explained["unrecognised"])),
    ]
    blocks = [head, *(_shot_rows(text, shot, explained) for shot in explained["shots"])]
    labels = {name: ctx.text(name) for rows in blocks for name, value in rows if value}
    width = max(display_width(label) for label in labels.values()) + 2
    for number, rows in enumerate(blocks):
        if number:
            ctx.print_out("")
        for name, value in rows:
            if value:
                _print_row(ctx, labels[name], value, width)


def _print_row(ctx: CliContext, label: str, value: str, width: int) -> None:
    first, *rest = wrap(value, _LINE_WIDTH - width)
    ctx.print_out(label + " " * (width - display_width(label)) + first)
    for line in rest:
        ctx.print_out(" " * width + line)


def _shot_rows(text: _ExplanationText, shot: Mapping[str, Any], explained: Mapping[str, Any]) -> list[Row]:
    number = explained["shots"].index(shot)
    assumed = shot["assumed"]
    return [
        ("scene.row.shot", text.times(number, len(explained["shots"]), shot)),
        ("scene.row.place", text.place(shot)),
        *((f"scene.row.{facet}", text.facet(facet, shot[facet], assumed.get(facet))) for facet in ("time", "weather")),
        ("scene.row.subjects", text.subjects(shot["subjects"], assumed.get("subjects"))),
        ("scene.row.style", text.facet("style", shot["style"])),
        ("scene.row.camera", text.facet("camera", shot["camera"], assumed.get("camera"))),
        ("scene.row.tempo", text.facet("tempo", shot["tempo"])),
        ("scene.row.text", f"“{shot['text']}”" if shot["text"] else ""),
        ("scene.row.sound", text.sound(shot["sound"])),
        ("scene.row.not_drawn", text.join(shot["drawn"].get("not_drawn", ()))),
    ]


class _ExplanationText:
    """Translates the plain data of an explanation into one language."""

    def __init__(self, text: Texts) -> None:
        self.text = text

    def join(self, words: Sequence[str]) -> str:
        return self.text("scene.comma").join(words)

    def video(self, video: Mapping[str, Any], explained: Mapping[str, Any]) -> str:
        shots = len(explained["shots"])
        cut = self.text(f"scene.transition.{explained['transition']}") if shots > 1 else ""
        line = self.text("scene.video", size=video["size"], seconds=video["seconds"], fps=video["fps"])
        return line + (self.text("scene.shots", count=shots, cut=cut) if shots > 1 else "")

    def times(self, number: int, count: int, shot: Mapping[str, Any]) -> str:
        end = shot["start"] + shot["seconds"]
        return self.text("scene.times", number=number + 1, start=f"{shot['start']:.1f}", end=f"{end:.1f}") * (count > 1)

    def place(self, shot: Mapping[str, Any]) -> str:
        if shot["drawn"]["setting"] == "reference":
            return self.text("scene.place.image")
        name = self.word("setting", shot["setting"])
        if shot["guessed"]:
            return self.text("scene.place.guessed", place=name)
        return self.text("scene.place.unknown", place=name) if shot["setting"] == "abstract" else name

    def facet(self, facet: str, named: str | Sequence[str], assumed: str | Sequence[str] | None = None) -> str:
        """The value that the prompt names, or else the renderer's default for the place, marked as such."""
        words = self.join([self.word(facet, name) for name in _join_names(named or assumed)])
        return words if named or not assumed else self.text("scene.assumed", value=words)

    def subjects(self, named: Sequence[Mapping[str, Any]], assumed: Sequence[str] | None) -> str:
        if not named:
            return self.facet("subject", (), assumed)
        return self.text("scene.semicolon").join(self._subject(spec) for spec in named)

    def _subject(self, spec: Mapping[str, Any]) -> str:
        name = self.word("subject", spec["kind"])
        details = [self.word("attribute", attribute) for attribute in spec["attributes"]]
        details += [self.word("action", spec["action"])] if spec["action"] else []
        counted = self.text("scene.count", count=spec["count"], name=name) if spec["count"] > 1 else name
        return self.text("scene.detailed", name=counted, details=self.join(details)) if details else counted

    def sound(self, sound: Mapping[str, Mapping[str, float]]) -> str:
        beds = [self.word("sound", name) for name in sound["beds"]]
        events = [f"{self.word('sound', name)} ×{count}" for name, count in sound["events"].items()]
        return self.text("scene.semicolon").join(filter(None, (self.join(beds), self.join(events))))

    def word(self, facet: str, name: str) -> str:
        from filmgate_scene.vocabulary import word  # noqa: PLC0415 - it loads the renderer

        return word(facet, name, self.text.language)


def _join_names(names: str | Sequence[str] | None) -> Sequence[str]:
    return [names] if isinstance(names, str) and names else names or ()


class _SizeType(click.ParamType["Size"]):
    """An image size such as ``1280x720``; both sides are even."""

    name = "size"

    def __init__(self, text: Texts) -> None:
        self._text = text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Size:
        """Parse a size."""
        from filmgate.domain import Size  # noqa: PLC0415 - help does not need it

        size = value if isinstance(value, Size) else Size.parse(value)
        if size is None or size.width % 2 or size.height % 2 or not 64 <= min(size.width, size.height) <= 2160:
            self.fail(self._text("scene.bad_size", value=value), param, ctx)
        return size


def _file_type() -> click.Path:
    return click.Path(exists=True, dir_okay=False, path_type=Path)
