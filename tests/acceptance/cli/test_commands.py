"""The commands with a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Ran, Served


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save videos into a temporary current folder."""
    monkeypatch.chdir(tmp_path)


def _generate(served: Served) -> str:
    ran = served("generate", "a dog", "--format", "json", "-o", "made.mp4", "--force")
    assert ran.code == 0, ran
    video_id: str = json.loads(ran.out)["id"]
    return video_id


def _lines(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return ran.out.splitlines()


def test_generate_prints_the_id_first_and_the_path_last(served: Served) -> None:
    """The path on standard output; all else on standard error, the id first."""
    ran = served("generate", "a dog", "--size", "1280x720", "--seconds", "4")
    (path,) = _lines(ran)
    assert Path(path).read_bytes()[4:8] == b"ftyp"
    video_id = path.removesuffix(".mp4")
    assert video_id in ran.err.splitlines()[0]
    assert "Saved" in ran.err.splitlines()[-1]


def test_quiet_prints_only_the_path(served: Served) -> None:
    """Nothing is on standard error."""
    ran = served("generate", "a dog", "-q", "-o", "dog.mp4")
    assert (ran.code, ran.out, ran.err) == (0, "dog.mp4\n", "")


def test_output_folders_are_created(served: Served) -> None:
    """``-o`` may name a new or an existing folder."""
    assert _lines(served("generate", "a dog", "-o", "videos/of/dog.mp4")) == ["videos/of/dog.mp4"]
    (path,) = _lines(served("generate", "a dog", "-o", "videos"))
    assert path.startswith("videos/video_")


def test_jsonl_prints_every_change(served: Served) -> None:
    """One line a change, the last one with the path."""
    lines = [json.loads(line) for line in _lines(served("generate", "a dog", "--format", "jsonl"))]
    assert lines[0]["status"] == "queued"
    assert lines[-1]["status"] == "completed"
    assert Path(lines[-1]["path"]).exists()


def test_progress_is_drawn_on_a_terminal(served: Served) -> None:
    """The cursor is visible again at the end."""
    ran = served("generate", "a dog", "-o", "dog.mp4", terminal=True, TERM="xterm", LANG="zh_CN.UTF-8")
    assert ran.code == 0
    assert "已保存" in ran.err
    assert ran.err.rfind("\x1b[?25h") > ran.err.rfind("\x1b[?25l")


def test_an_existing_file_is_kept(served: Served) -> None:
    """Reported before anything is submitted; --force overwrites it."""
    Path("dog.mp4").write_text("mine")
    before = len(_lines(served("list", "-q", "--limit", "100")))
    assert served("generate", "a dog", "-o", "dog.mp4").code == 11
    assert len(_lines(served("list", "-q", "--limit", "100"))) == before
    assert Path("dog.mp4").read_text() == "mine"
    assert served("generate", "a dog", "-o", "dog.mp4", "--force").code == 0


def test_errors_of_the_server_have_their_exit_codes(served: Served) -> None:
    """6 with the server's own text, 4 for an invalid key, 3 for an unknown video."""
    ran = served("generate", "a dog", "--seconds", "5")
    assert ran.code == 6
    assert "Invalid value: '5'" in ran.err
    assert served("list", FILMGATE_API_KEY="fg-wrong").code == 4
    assert served("show", "video_nope").code == 3
    assert served("download", "video_nope").code == 3


def test_a_wait_timeout_prints_how_to_resume(served: Served) -> None:
    """Exit code 10; the printed command works."""
    ran = served("generate", "a dog", "--timeout", "0")
    assert ran.code == 10
    resume = ran.err.splitlines()[-1].partition("filmgate ")[2].split()
    assert served(*resume).code == 0


def test_lists_have_the_same_videos_in_every_format(served: Served) -> None:
    """Ids, JSON, JSON lines, tab-separated lines, a table."""
    video_id = _generate(served)
    assert _lines(served("list", "-q"))[0] == video_id
    assert json.loads(served("list", "--format", "json").out)[0]["id"] == video_id
    assert json.loads(_lines(served("list", "--format", "jsonl"))[0])["id"] == video_id
    assert _lines(served("list"))[0].split("\t")[:3] == [video_id, "completed", "100"]
    for columns in ("40", "80", "120"):
        assert video_id in served("list", terminal=True, COLUMNS=columns, TERM="xterm").out
    assert _lines(served("list", "-q", "--limit", "1")) == [video_id]
    assert served("list", "-q", "--status", "failed").out == ""


def test_a_video_is_shown_in_every_format(served: Served) -> None:
    """As text, as JSON, and quiet as its status."""
    video_id = _generate(served)
    assert "completed" in served("show", video_id).out
    assert "已完成" in served("show", video_id, "--lang", "zh", "--format", "human").out
    assert json.loads(served("show", video_id, "--format", "json").out)["prompt"] == "a dog"
    assert _lines(served("show", video_id, "-q")) == ["completed"]


def test_ids_come_from_standard_input(served: Served) -> None:
    """``list -q | download -`` saves all; one that fails does not stop the others, and sets exit code 13."""
    first, second = _generate(served), _generate(served)
    ran = served("download", "-", stdin=f"{first}\n\n{second}\n")
    assert _lines(ran) == [f"{first}.mp4", f"{second}.mp4"]
    ran = served("download", "-", "--force", stdin=f"{first}\nvideo_nope\n")
    assert (ran.code, ran.out) == (13, f"{first}.mp4\n")


def test_images_of_a_video_are_saved(served: Served) -> None:
    """Each variant with its own extension."""
    video_id = _generate(served)
    assert _lines(served("download", video_id, "--variant", "thumbnail")) == [f"{video_id}.webp"]
    assert Path(f"{video_id}.webp").read_bytes()[8:12] == b"WEBP"


def test_a_finished_video_can_be_deleted_but_not_cancelled(served: Served) -> None:
    """A second delete is 404."""
    video_id = _generate(served)
    assert served("cancel", video_id).code == 6
    assert served("delete", video_id).code == 0
    assert served("delete", video_id).code == 3


def test_watch_saves_unless_no_save_is_set(served: Served) -> None:
    """By the id of a video."""
    video_id = _generate(served)
    assert _lines(served("watch", video_id)) == [f"{video_id}.mp4"]
    assert json.loads(served("watch", video_id, "--no-save", "--format", "json").out)["status"] == "completed"


def test_models_are_listed(served: Served) -> None:
    """With their names."""
    assert any(line.startswith("sora-2\t") for line in _lines(served("models")))


def test_a_video_is_remixed_extended_and_edited(served: Served) -> None:
    """Remix and extend take an id, edit also a file; each saves a file."""
    video_id = _generate(served)
    assert _lines(served("remix", video_id, "at night", "-o", "night.mp4")) == ["night.mp4"]
    assert _lines(served("extend", video_id, "it runs on", "--seconds", "4", "-o", "longer.mp4")) == ["longer.mp4"]
    assert _lines(served("edit", "night.mp4", "snow", "-o", "snow.mp4")) == ["snow.mp4"]
    assert all(Path(name).read_bytes()[4:8] == b"ftyp" for name in ("night.mp4", "longer.mp4", "snow.mp4"))
    assert served("remix", "video_none", "x").code != 0
