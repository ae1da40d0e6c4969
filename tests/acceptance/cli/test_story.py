"""``filmgate story`` from the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.cli import CliEnv, Served
from tests.support.served import serving

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
    """Save videos into a temporary current folder."""
    monkeypatch.chdir(tmp_path)
    Path("lake.yaml").write_text(LAKE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server whose videos are small and short: the tests make many."""
    with serving(tmp_path_factory.mktemp("served"), TINY) as running:
        yield Served(running.url, running.key)


def _videos(served: Served) -> list[str]:
    return served("list", "-q", "--limit", "1000").out.splitlines()


def _path(ran: Ran) -> Path:
    assert ran.code == 0, ran
    return Path(ran.out.strip())


def _gray_frames(video: Path) -> list[NDArray[np.uint8]]:
    with open_video(video) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


def test_shots_are_joined_into_one_video(served: Served) -> None:
    """In order, with sound, as long as their sum; each continues from the last frame of its predecessor."""
    joined = _path(served("story", "lake.yaml"))
    assert joined == Path("lake/the-lake.mp4")
    media = probe(joined)
    assert (media.seconds, media.audio_codec, media.faststart) == (4, "aac", True)
    shots = sorted(Path("lake/shots").iterdir())
    assert [shot.name for shot in shots] == ["01-dawn.mp4", "02-boat.mp4", "03-town.mp4", "04-night.mp4"]
    assert media.frames == sum(probe(shot).frames for shot in shots)
    frames = _gray_frames(joined)
    for number, shot in enumerate(shots):
        assert np.array_equal(frames[12 * number], _gray_frames(shot)[0])


def test_only_changed_shots_are_generated_again(served: Served) -> None:
    """With those that continue from them; a deleted file is downloaded again, not generated."""
    first = _path(served("story", "lake.yaml")).read_bytes()
    before = _videos(served)
    assert _path(served("story", "lake.yaml", "-q")).read_bytes() == first
    Path("lake/shots/01-dawn.mp4").unlink()
    assert _path(served("story", "lake.yaml")).read_bytes() == first
    assert _videos(served) == before
    Path("lake.yaml").write_text(LAKE.replace("a boat,", "a ship,"))
    plan = [line.split("\t")[:3] for line in served("story", "lake.yaml", "--dry-run").out.splitlines()]
    assert [state for _, state, _ in plan] == ["saved", "new", "saved", "new"]
    assert [after for _, _, after in plan] == ["", "dawn", "", "boat"]
    assert served("story", "lake.yaml").code == 0
    assert len(_videos(served)) == len(before) + 2
    assert probe(Path("lake/the-lake.mp4")).seconds == 4


def test_a_shot_starts_from_the_last_frame_of_another(served: Served) -> None:
    """Exactly that frame is sent as the reference image."""
    assert served("story", "lake.yaml").code == 0
    save_last_frame(Path("lake/shots/01-dawn.mp4"), Path("last.png"))
    sent_images = [path.read_bytes() for path in Path("lake.yaml.filmgate/frames").iterdir()]
    assert Path("last.png").read_bytes() in sent_images
    assert len(sent_images) == 2
    assert read_first_frame(Path("lake/shots/02-boat.mp4")).shape == (128, 72, 3)


def test_problems_are_reported_by_shot(served: Served) -> None:
    """Before anything is sent, in both languages."""
    Path("bad.yaml").write_text(LAKE.replace("last frame of boat", "last frame of moon"))
    ran = served("story", "bad.yaml")
    assert ran.code == 2
    assert "Shot 4: there is no shot 'moon'; there are dawn, boat, town, night." in ran.err
    assert "镜头 4" in served("story", "bad.yaml", "--lang", "zh").err
    Path("bad.yaml").write_text(LAKE.replace("seconds: 1", "seconds: 5"))
    assert served("story", "bad.yaml").code == 2
    assert not Path("bad").exists()


def test_a_failed_shot_keeps_the_others(served: Served) -> None:
    """Shots that continue from it are skipped, and nothing is joined."""
    Path("lake.yaml").write_text(LAKE.replace("a boat, ", "a boat, characters: char_none, "))
    ran = served("story", "lake.yaml", "--format", "json")
    assert ran.code == 13
    assert sorted(path.name for path in Path("lake/shots").iterdir()) == ["01-dawn.mp4", "03-town.mp4"]
    assert not Path("lake/the-lake.mp4").exists()


def test_an_existing_file_is_kept(served: Served) -> None:
    """Reported before anything is submitted; -o names another file."""
    Path("lake").mkdir()
    Path("lake/the-lake.mp4").write_text("mine")
    assert served("story", "lake.yaml").code == 11
    assert _path(served("story", "lake.yaml", "-o", "other.mp4")) == Path("other.mp4")
    assert Path("lake/the-lake.mp4").read_text() == "mine"


def test_results_as_json(served: Served) -> None:
    """One object: the path and the shots."""
    story = json.loads(served("story", "lake.yaml", "--format", "json").out)
    assert story["path"] == "lake/the-lake.mp4"
    assert [shot["name"] for shot in story["shots"]] == ["dawn", "boat", "town", "night"]


def test_a_killed_story_resumes(cli_env: CliEnv) -> None:
    """With the embedded engine: four videos in the end, and one joined."""
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
