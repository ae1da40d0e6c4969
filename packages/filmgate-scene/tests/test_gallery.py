"""The gallery: its list, its stills and its pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from make import FRAMES, HERE, Video, page, videos

from filmgate_scene import registry
from filmgate_scene.description import Description
from filmgate_scene.prompt import understand

_MANUAL = 9  # the first videos' prompts are those of the manual


def _meaning(video: Video) -> Description:
    return understand(video.prompt, seed=video.seed, frames=FRAMES)


def test_gallery_has_at_least_sixty_prompts_half_in_chinese() -> None:
    """Names and prompts are unique."""
    listed = videos()
    assert len({video.name for video in listed}) == len({video.prompt for video in listed}) == len(listed) >= 60
    assert 2 * sum(_meaning(video).language == "zh" for video in listed) >= len(listed)


def test_gallery_has_no_prompts_of_the_tests() -> None:
    """The gallery shows prompts for which the parser was not tuned."""
    tested = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert not [video.prompt for video in videos()[_MANUAL:] if f'"{video.prompt}"' in tested]


def test_gallery_has_every_size() -> None:
    """All six, portrait and landscape."""
    sizes = {"720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"}
    assert {video.size for video in videos()} == sizes


@pytest.mark.parametrize("facet", ["setting", "time", "weather", "style", "camera", "tempo", "subject"])
def test_gallery_has_every_registered_entry(facet: str) -> None:
    """Every registered entry occurs in the description of some prompt."""
    shots = [shot for video in videos() for shot in _meaning(video).shots]
    known = {
        "setting": (registry.settings(), {shot.setting for shot in shots}),
        "time": (registry.times(), {shot.time for shot in shots}),
        "weather": (registry.weathers(), {name for shot in shots for name in shot.weather}),
        "style": (registry.styles(), {name for shot in shots for name in shot.style}),
        "camera": (registry.cameras(), {name for shot in shots for name in shot.camera}),
        "tempo": (registry.TEMPOS, {shot.tempo for shot in shots}),
        "subject": (registry.subjects(), {spec.kind for shot in shots for spec in shot.subjects}),
    }
    registered, shown = known[facet]
    assert set(registered) <= shown


def test_gallery_has_the_actions_of_people() -> None:
    """The actions of people in all prompts."""
    shots = [shot for video in videos() for shot in _meaning(video).shots]
    shown = {spec.action for shot in shots for spec in shot.subjects if spec.kind == "person"}
    assert {"stand", "walk", "run", "eat", "dance", "sit", "wave", "play"} <= shown


def test_stills_are_complete_and_small() -> None:
    """No file is missing or superfluous, and the total is below 4 MB."""
    expected = {path for video in videos() for path in video.still_paths}
    assert expected == set((HERE / "stills").iterdir())
    files: list[Path] = [*expected, HERE / "contact-sheet.webp"]
    assert sum(path.stat().st_size for path in files) < 4_000_000


@pytest.mark.parametrize(("language", "name"), [("en", "README.md"), ("zh", "README.zh-CN.md")])
def test_pages_match_the_current_parser(language: str, name: str) -> None:
    """Run the gallery's ``make.py`` after a change of the list or of the prompt parser."""
    assert (HERE / name).read_text(encoding="utf-8") == page(language)
