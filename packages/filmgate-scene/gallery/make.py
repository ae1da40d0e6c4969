"""Draw the gallery: ``python packages/filmgate-scene/gallery/make.py [NAME…]`` renders stills, then writes the pages.

The stills are what the films show, before they are encoded; whole films of the same prompts come from
``filmgate generate``.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image

from filmgate.domain import Size, default_seed
from filmgate_scene.prompt import understand
from filmgate_scene.still import render_still
from filmgate_scene.summary import describe

HERE = Path(__file__).parent
SECONDS = 4
FRAMES = 24 * SECONDS
TALL = 300  # pixels of a still on the page
_SHEET = (1680, 168, 6)  # the contact sheet: its width, the height of a still on it, the gap


class Film(Struct, frozen=True, forbid_unknown_fields=True):
    """One film of the list."""

    name: str
    prompt: str
    size: str
    at: tuple[float, ...]
    picture: str = ""

    @property
    def frame(self) -> Size:
        """Its size in pixels."""
        wide, tall = self.size.split("x")
        return Size(int(wide), int(tall))

    @property
    def seed(self) -> int:
        """What the server takes where a request names no seed."""
        return default_seed(self.prompt, self.frame, SECONDS)

    @property
    def pictures(self) -> list[Path]:
        """Where its stills are."""
        return [HERE / "stills" / f"{self.name}-{number}.webp" for number in range(1, len(self.at) + 1)]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Films under one heading."""

    en: str
    zh: str
    film: tuple[Film, ...]


def groups() -> tuple[Group, ...]:
    """The list, as it is in prompts.toml."""
    data = tomllib.loads((HERE / "prompts.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data["group"], tuple[Group, ...])


def films() -> list[Film]:
    """All the films in order."""
    return [film for group in groups() for film in group.film]


def stills(film: Film, opening: NDArray[np.float32] | None) -> Iterator[NDArray[np.uint8]]:
    """Its frames at the seconds that are shown, (height, width, 3)."""
    for at in film.at:
        yield render_still(film.prompt, seed=film.seed, seconds=SECONDS, size=film.frame, at=at, image=opening)


def _opening(film: Film, known: dict[str, Film]) -> NDArray[np.float32] | None:
    """The picture that is sent along: the opening of another film."""
    if not film.picture:
        return None
    drawn = next(stills(msgspec.structs.replace(known[film.picture], size=film.size, at=(0.0,)), None))
    return drawn.astype(np.float32) / np.float32(255)


def draw(film: Film, known: dict[str, Film]) -> None:
    """Render its stills into files."""
    for path, pixels in zip(film.pictures, stills(film, _opening(film, known)), strict=True):
        image = Image.fromarray(pixels)
        path.parent.mkdir(exist_ok=True)
        image.resize((round(image.width * TALL / image.height), TALL), Image.Resampling.LANCZOS).save(path, quality=80)


def sheet(wanted: Iterable[Film]) -> None:
    """One picture of the first still of every film, row by row."""
    wide, tall, gap = _SHEET
    rows: list[list[Image.Image]] = [[]]
    for film in wanted:
        with Image.open(film.pictures[0]) as image:
            small = image.convert("RGB").resize((round(image.width * tall / image.height), tall))
        if sum(each.width + gap for each in rows[-1]) + small.width > wide:
            rows.append([])
        rows[-1].append(small)
    canvas = Image.new("RGB", (wide, len(rows) * (tall + gap)), "#111")
    for number, row in enumerate(rows):
        x = (wide - sum(each.width + gap for each in row)) // 2
        for each in row:
            canvas.paste(each, (x, number * (tall + gap)))
            x += each.width + gap
    canvas.save(HERE / "contact-sheet.webp", quality=78)


_HEAD = {
    "en": (
        "# Gallery\n\n[中文](README.zh-CN.md) · [Add a scene](../../../docs/how-to/add-a-scene.md)\n\n"
        "What the embedded engine draws: {count} prompts, half of them Chinese, each looked at. It is a procedural "
        "animatic, drawn by rules and not by a model. Below each still stands what was understood of its prompt.\n\n"
        "![Contact sheet](contact-sheet.webp)\n\nDraw it again, or only some of it:\n\n"
        "<!-- shown -->\n```console\n$ python packages/filmgate-scene/gallery/make.py lighthouse viaduct\n```\n"
    ),
    "zh": (
        "# 画廊\n\n[English](README.md) · [添加场景](../../../docs/how-to/add-a-scene.zh-CN.md)\n\n"
        "内置引擎所画的内容：{count} 条提示词，一半为中文，每一张都逐一看过。这是按规则绘制的程序化动态分镜，"
        "不是模型生成的。"
        "每张图下方是引擎对提示词的理解。\n\n"
        "![总览](contact-sheet.webp)\n\n重新绘制全部或其中几条：\n\n"
        "<!-- shown -->\n```console\n$ python packages/filmgate-scene/gallery/make.py lighthouse viaduct\n```\n"
    ),
}


def page(language: str) -> str:
    """The page in a language."""
    parts = [_HEAD[language].format(count=len(films()))]
    for group in groups():
        parts.append(f"\n## {getattr(group, language)}\n")
        parts += [_entry(film) for film in group.film]
    return "".join(parts)


def _entry(film: Film) -> str:
    """A film's stills, its prompt, and what was understood."""
    shown = "".join(f'<img src="stills/{path.name}" height="{TALL // 2}" alt="{film.name}"> ' for path in film.pictures)
    meaning = describe(understand(film.prompt, seed=film.seed, frames=FRAMES))
    return f"\n{shown.rstrip()}\n\n**{film.prompt}** · {film.size}<br>\n<sub>{meaning}</sub>\n"


def main(names: list[str]) -> None:
    """Draw the named films, or all, and write the pages."""
    known = {film.name: film for film in films()}
    for film in known.values():
        if not names or film.name in names:
            draw(film, known)
            print(film.name, flush=True)
    sheet(known.values())
    for language, name in (("en", "README.md"), ("zh", "README.zh-CN.md")):
        (HERE / name).write_text(page(language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
