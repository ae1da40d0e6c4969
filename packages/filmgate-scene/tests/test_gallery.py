"""The gallery: its list, its pictures and its pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from make import FRAMES, HERE, Film, films, page

from filmgate_scene import registry
from filmgate_scene.description import Description
from filmgate_scene.prompt import understand

_MANUAL = 9  # the first films' prompts are those of the manual


def _meaning(film: Film) -> Description:
    return understand(film.prompt, seed=film.seed, frames=FRAMES)


def test_there_are_at_least_sixty_half_of_them_chinese() -> None:
    """Both languages are shown alike, and each film once."""
    listed = films()
    assert len({film.name for film in listed}) == len({film.prompt for film in listed}) == len(listed) >= 60
    assert 2 * sum(_meaning(film).language == "zh" for film in listed) >= len(listed)


def test_the_scenes_own_test_prompts_are_not_among_them() -> None:
    """The gallery shows what the reader of prompts was not tuned to."""
    tested = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert not [film.prompt for film in films()[_MANUAL:] if f'"{film.prompt}"' in tested]


def test_every_size_is_shown() -> None:
    """All six, upright and wide."""
    sizes = {"720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"}
    assert {film.size for film in films()} == sizes


@pytest.mark.parametrize("facet", ["setting", "time", "weather", "style", "camera", "tempo", "subject"])
def test_everything_that_can_be_drawn_is_shown(facet: str) -> None:
    """Whatever is registered is understood of some film's prompt."""
    shots = [shot for film in films() for shot in _meaning(film).shots]
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


def test_people_do_on_show_what_they_can() -> None:
    """The actions that the films of people show."""
    shots = [shot for film in films() for shot in _meaning(film).shots]
    shown = {spec.action for shot in shots for spec in shot.subjects if spec.kind == "person"}
    assert {"stand", "walk", "run", "eat", "dance", "sit", "wave", "play"} <= shown


def test_every_picture_is_there_and_all_are_small() -> None:
    """Nothing is missing, nothing is left over, and the whole stays below 4 MB."""
    wanted = {path for film in films() for path in film.pictures}
    assert wanted == set((HERE / "stills").iterdir())
    kept: list[Path] = [*wanted, HERE / "contact-sheet.webp"]
    assert sum(path.stat().st_size for path in kept) < 4_000_000


@pytest.mark.parametrize(("language", "name"), [("en", "README.md"), ("zh", "README.zh-CN.md")])
def test_the_pages_say_what_is_understood_now(language: str, name: str) -> None:
    """A change of the list or of the prompt reader is followed by the gallery's ``make.py``."""
    assert (HERE / name).read_text(encoding="utf-8") == page(language)
