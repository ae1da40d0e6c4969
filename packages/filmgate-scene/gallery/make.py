"""Draw the gallery: ``python packages/filmgate-scene/gallery/make.py [NAME…]`` renders stills, then writes the pages.

The stills are frames before encoding; ``filmgate generate`` renders the videos of the same prompts.
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
_SHEET = (1680, 168, 6)  # the contact sheet: width, height of a still, gap


class Video(Struct, frozen=True, forbid_unknown_fields=True):
    """One video of the list."""

    name: str
    prompt: str
    size: str
    at: tuple[float, ...]
    image: str = ""

    @property
    def frame(self) -> Size:
        """The size in pixels."""
        wide, tall = self.size.split("x")
        return Size(int(wide), int(tall))

    @property
    def seed(self) -> int:
        """The seed that the server uses for a request without a seed."""
        return default_seed(self.prompt, self.frame, SECONDS)

    @property
    def still_paths(self) -> list[Path]:
        """The paths of its stills."""
        return [HERE / "stills" / f"{self.name}-{number}.webp" for number in range(1, len(self.at) + 1)]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Videos under one heading."""

    en: str
    zh: str
    video: tuple[Video, ...]


def groups() -> tuple[Group, ...]:
    """Read the groups from prompts.toml."""
    data = tomllib.loads((HERE / "prompts.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data["group"], tuple[Group, ...])


def videos() -> list[Video]:
    """All videos in order."""
    return [video for group in groups() for video in group.video]


def stills(video: Video, opening: NDArray[np.float32] | None) -> Iterator[NDArray[np.uint8]]:
    """Render the frames of the stills, (height, width, 3)."""
    for at in video.at:
        yield render_still(video.prompt, seed=video.seed, seconds=SECONDS, size=video.frame, at=at, image=opening)


def _opening(video: Video, known: dict[str, Video]) -> NDArray[np.float32] | None:
    """The reference image: the first frame of another video."""
    if not video.image:
        return None
    drawn = next(stills(msgspec.structs.replace(known[video.image], size=video.size, at=(0.0,)), None))
    return drawn.astype(np.float32) / np.float32(255)


def draw(video: Video, known: dict[str, Video]) -> None:
    """Render the stills into files."""
    for path, pixels in zip(video.still_paths, stills(video, _opening(video, known)), strict=True):
        image = Image.fromarray(pixels)
        path.parent.mkdir(exist_ok=True)
        image.resize((round(image.width * TALL / image.height), TALL), Image.Resampling.LANCZOS).save(path, quality=80)


def sheet(all_videos: Iterable[Video]) -> None:
    """Write the contact sheet: the first still of every video, row by row."""
    wide, tall, gap = _SHEET
    rows: list[list[Image.Image]] = [[]]
    for video in all_videos:
        with Image.open(video.still_paths[0]) as image:
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
        "Stills from the embedded engine for {count} prompts, half of them Chinese; each was checked by eye. "
        "The engine draws procedural animatics, without an AI model. Below each still is its description.\n\n"
        "![Contact sheet](contact-sheet.webp)\n\nRender all stills again, or only some:\n\n"
        "<!-- shown -->\n```console\n$ python packages/filmgate-scene/gallery/make.py lighthouse viaduct\n```\n"
    ),
    "zh": (
        "# 画廊\n\n[English](README.md) · [添加场景](../../../docs/how-to/add-a-scene.zh-CN.md)\n\n"
        "内置引擎按 {count} 条提示词绘制的画面，一半为中文，每一张都经过人工检查。这是按规则绘制的程序化动态分镜，"
        "不是模型生成的。"
        "每张图下方是引擎对提示词的理解。\n\n"
        "![总览](contact-sheet.webp)\n\n重新绘制全部或其中几条：\n\n"
        "<!-- shown -->\n```console\n$ python packages/filmgate-scene/gallery/make.py lighthouse viaduct\n```\n"
    ),
}


def page(language: str) -> str:
    """The page in one language."""
    parts = [_HEAD[language].format(count=len(videos()))]
    for group in groups():
        parts.append(f"\n## {getattr(group, language)}\n")
        parts += [_entry(video) for video in group.video]
    return "".join(parts)


def _entry(video: Video) -> str:
    """A video's stills, its prompt, and the description of the prompt."""
    images = "".join(
        f'<img src="stills/{path.name}" height="{TALL // 2}" alt="{video.name}"> ' for path in video.still_paths
    )
    meaning = describe(understand(video.prompt, seed=video.seed, frames=FRAMES))
    return f"\n{images.rstrip()}\n\n**{video.prompt}** · {video.size}<br>\n<sub>{meaning}</sub>\n"


def main(names: list[str]) -> None:
    """Draw the named videos, or all, and write the pages."""
    known = {video.name: video for video in videos()}
    for video in known.values():
        if not names or video.name in names:
            draw(video, known)
            print(video.name, flush=True)
    sheet(known.values())
    for language, name in (("en", "README.md"), ("zh", "README.zh-CN.md")):
        (HERE / name).write_text(page(language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
