"""``filmgate story`` as its user types it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.cli import CliEnv, Served

from filmgate.media.frames import read_first_frame, save_last_frame
from filmgate.media.probe import open_video, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from tests.support.cli import Ran

TINY = """
[models.sora-2]
engine = "testcard"
sizes = ["72x128", "128x72"]
default_size = "72x128"
seconds = [1, 4]
default_seconds = 1
"""
LAKE = """
title: The Lake
defaults: {seconds: 1, size: 72x128}
shots:
  - {name: dawn, prompt: mist over a lake}
  - {name: boat, prompt: a boat, continue: true}
  - {name: town, prompt: a town}
  - {name: night, prompt: stars, reference: last frame of boat}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Films are saved into the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("lake.yaml").write_text(LAKE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose films are small and short: there are many of them here."""
    cli_env = CliEnv(tmp_path_factory.mktemp("served"))
    (cli_env.folder / "models.toml").write_text(TINY)
    with cli_env.serving() as (url, _):
        yield Served(url, cli_env("keys", "create", "-q").out.strip())


def _videos(served: Served) -> list[str]:
    return served("list", "-q", "--limit", "1000").out.splitlines()


def _film(ran: Ran) -> Path:
    assert ran.code == 0, ran
    return Path(ran.out.strip())


def _pictures(film: Path) -> list[NDArray[np.uint8]]:
    with open_video(film) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


def test_shots_become_one_film(served: Served) -> None:
    """In their order, with sound, as long as they are together; each begins where the one that it goes on from ends."""
    film = _film(served("story", "lake.yaml"))
    assert film == Path("lake/the-lake.mp4")
    found = probe(film)
    assert (found.seconds, found.audio_codec, found.faststart) == (4, "aac", True)
    shots = sorted(Path("lake/shots").iterdir())
    assert [shot.name for shot in shots] == ["01-dawn.mp4", "02-boat.mp4", "03-town.mp4", "04-night.mp4"]
    assert found.frames == sum(probe(shot).frames for shot in shots)
    cuts = _pictures(film)
    for number, shot in enumerate(shots):
        assert np.array_equal(cuts[12 * number], _pictures(shot)[0])


def test_only_what_changed_is_made_again(served: Served) -> None:
    """With what goes on from it; a shot that was deleted is fetched, not made."""
    first = _film(served("story", "lake.yaml")).read_bytes()
    before = _videos(served)
    assert _film(served("story", "lake.yaml", "-q")).read_bytes() == first
    Path("lake/shots/01-dawn.mp4").unlink()
    assert _film(served("story", "lake.yaml")).read_bytes() == first
    assert _videos(served) == before
    Path("lake.yaml").write_text(LAKE.replace("a boat,", "a ship,"))
    plan = [line.split("\t")[:3] for line in served("story", "lake.yaml", "--dry-run").out.splitlines()]
    assert [stands for _, stands, _ in plan] == ["saved", "new", "saved", "new"]
    assert [after for _, _, after in plan] == ["", "dawn", "", "boat"]
    assert served("story", "lake.yaml").code == 0
    assert len(_videos(served)) == len(before) + 2
    assert probe(Path("lake/the-lake.mp4")).seconds == 4


def test_a_shot_begins_with_the_last_frame_of_another(served: Served) -> None:
    """It is what was sent: the very picture that the film before ends with."""
    assert served("story", "lake.yaml").code == 0
    save_last_frame(Path("lake/shots/01-dawn.mp4"), Path("last.png"))
    pictures = [path.read_bytes() for path in Path("lake.yaml.filmgate/frames").iterdir()]
    assert Path("last.png").read_bytes() in pictures
    assert len(pictures) == 2
    assert read_first_frame(Path("lake/shots/02-boat.mp4")).shape == (128, 72, 3)


def test_problems_are_told_by_shot(served: Served) -> None:
    """Before anything is sent, in both languages."""
    Path("bad.yaml").write_text(LAKE.replace("last frame of boat", "last frame of moon"))
    ran = served("story", "bad.yaml")
    assert ran.code == 2
    assert "Shot 4: there is no shot 'moon'; there are dawn, boat, town, night." in ran.err
    assert "镜头 4" in served("story", "bad.yaml", "--lang", "zh").err
    Path("bad.yaml").write_text(LAKE.replace("seconds: 1", "seconds: 5"))
    assert served("story", "bad.yaml").code == 2
    assert not Path("bad").exists()


def test_a_shot_that_fails_keeps_the_others(served: Served) -> None:
    """What goes on from it is left; the film waits for both."""
    Path("lake.yaml").write_text(LAKE.replace("a boat, ", "a boat, characters: char_none, "))
    ran = served("story", "lake.yaml", "--format", "json")
    assert ran.code == 13
    assert sorted(path.name for path in Path("lake/shots").iterdir()) == ["01-dawn.mp4", "03-town.mp4"]
    assert not Path("lake/the-lake.mp4").exists()


def test_a_file_of_yours_stays(served: Served) -> None:
    """Told before anything is made; -o names another."""
    Path("lake").mkdir()
    Path("lake/the-lake.mp4").write_text("mine")
    assert served("story", "lake.yaml").code == 11
    assert _film(served("story", "lake.yaml", "-o", "other.mp4")) == Path("other.mp4")
    assert Path("lake/the-lake.mp4").read_text() == "mine"


def test_results_for_programs(served: Served) -> None:
    """One object: the film and its shots."""
    told = json.loads(served("story", "lake.yaml", "--format", "json").out)
    assert told["film"] == "lake/the-lake.mp4"
    assert [shot["name"] for shot in told["shots"]] == ["dawn", "boat", "town", "night"]


@pytest.mark.slow
def test_killed_and_run_again(cli_env: CliEnv) -> None:
    """With the engine in its own process: four films in the end, and one of all."""
    (cli_env.folder / "models.toml").write_text(TINY)
    (cli_env.folder / "lake.yaml").write_text(LAKE)
    process = cli_env.start("story", "lake.yaml")
    assert process.stderr is not None
    while "01-dawn" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=90)
    ran = cli_env("story", "lake.yaml")
    assert ran.code == 0, ran
    assert probe(cli_env.folder / "lake" / "the-lake.mp4").seconds == 4
    assert len(cli_env("list", "-q").out.splitlines()) == 4
