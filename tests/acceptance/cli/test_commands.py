"""The commands against a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.cli import Ran, Served


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Films are saved into the current folder."""
    monkeypatch.chdir(tmp_path)


def _made(served: Served) -> str:
    ran = served("generate", "a dog", "--format", "json", "-o", "made.mp4", "--force")
    assert ran.code == 0, ran
    made: str = json.loads(ran.out)["id"]
    return made


def _lines(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return ran.out.splitlines()


def test_generate_says_the_id_first_and_the_path_last(served: Served) -> None:
    """The path alone is the result; all else is beside it, the id before anything else."""
    ran = served("generate", "a dog", "--size", "1280x720", "--seconds", "4")
    (path,) = _lines(ran)
    assert Path(path).read_bytes()[4:8] == b"ftyp"
    video_id = path.removesuffix(".mp4")
    assert video_id in ran.err.splitlines()[0]
    assert "Saved" in ran.err.splitlines()[-1]


def test_quiet_is_the_path_and_nothing_else(served: Served) -> None:
    """For scripts."""
    ran = served("generate", "a dog", "-q", "-o", "dog.mp4")
    assert (ran.code, ran.out, ran.err) == (0, "dog.mp4\n", "")


def test_folders_are_made(served: Served) -> None:
    """``-o`` may name a folder that is not there yet, or one that is."""
    assert _lines(served("generate", "a dog", "-o", "films/of/dog.mp4")) == ["films/of/dog.mp4"]
    (path,) = _lines(served("generate", "a dog", "-o", "films"))
    assert path.startswith("films/video_")


def test_jsonl_tells_every_change(served: Served) -> None:
    """A line a change, the last one with the path."""
    lines = [json.loads(line) for line in _lines(served("generate", "a dog", "--format", "jsonl"))]
    assert lines[0]["status"] == "queued"
    assert lines[-1]["status"] == "completed"
    assert Path(lines[-1]["path"]).exists()


def test_progress_is_drawn_at_a_terminal(served: Served) -> None:
    """A bar while it is made, and the terminal left as it was: its cursor shown again."""
    ran = served("generate", "a dog", "-o", "dog.mp4", terminal=True, TERM="xterm", LANG="zh_CN.UTF-8")
    assert ran.code == 0
    assert "已保存" in ran.err
    assert ran.err.rfind("\x1b[?25h") > ran.err.rfind("\x1b[?25l")


def test_a_file_that_is_there_stays(served: Served) -> None:
    """Told before anything is made; --force replaces it."""
    Path("dog.mp4").write_text("mine")
    before = len(_lines(served("list", "-q", "--limit", "100")))
    assert served("generate", "a dog", "-o", "dog.mp4").code == 11
    assert len(_lines(served("list", "-q", "--limit", "100"))) == before
    assert Path("dog.mp4").read_text() == "mine"
    assert served("generate", "a dog", "-o", "dog.mp4", "--force").code == 0


def test_what_the_server_refuses_is_rejected(served: Served) -> None:
    """Exit 6 with the server's own words; a key that is none is 4; an unknown film is 3."""
    ran = served("generate", "a dog", "--seconds", "5")
    assert ran.code == 6
    assert "Invalid value: '5'" in ran.err
    assert served("list", FILMGATE_API_KEY="fg-wrong").code == 4
    assert served("show", "video_nope").code == 3
    assert served("download", "video_nope").code == 3


def test_patience_ends_with_the_way_on(served: Served) -> None:
    """Exit 10, and the command that goes on; which then does."""
    ran = served("generate", "a dog", "--timeout", "0")
    assert ran.code == 10
    again = ran.err.splitlines()[-1].partition("filmgate ")[2].split()
    assert served(*again).code == 0


def test_lists_come_in_every_form(served: Served) -> None:
    """Ids, JSON, JSON lines, tab-separated lines, a table: the same films."""
    video_id = _made(served)
    assert _lines(served("list", "-q"))[0] == video_id
    assert json.loads(served("list", "--format", "json").out)[0]["id"] == video_id
    assert json.loads(_lines(served("list", "--format", "jsonl"))[0])["id"] == video_id
    assert _lines(served("list"))[0].split("\t")[:3] == [video_id, "completed", "100"]
    for columns in ("40", "80", "120"):
        assert video_id in served("list", terminal=True, COLUMNS=columns, TERM="xterm").out
    assert _lines(served("list", "-q", "--limit", "1")) == [video_id]
    assert served("list", "-q", "--status", "failed").out == ""


def test_one_film_is_shown(served: Served) -> None:
    """Its state for people, for programs, or in a word."""
    video_id = _made(served)
    assert "completed" in served("show", video_id).out
    assert "已完成" in served("show", video_id, "--lang", "zh", "--format", "human").out
    assert json.loads(served("show", video_id, "--format", "json").out)["prompt"] == "a dog"
    assert _lines(served("show", video_id, "-q")) == ["completed"]


def test_ids_come_from_standard_input(served: Served) -> None:
    """``list -q | download -`` saves them all; where one fails the others are saved, and the code says so."""
    first, second = _made(served), _made(served)
    ran = served("download", "-", stdin=f"{first}\n\n{second}\n")
    assert _lines(ran) == [f"{first}.mp4", f"{second}.mp4"]
    ran = served("download", "-", "--force", stdin=f"{first}\nvideo_nope\n")
    assert (ran.code, ran.out) == (13, f"{first}.mp4\n")


def test_pictures_can_be_saved(served: Served) -> None:
    """Each variant under its own kind of name."""
    video_id = _made(served)
    assert _lines(served("download", video_id, "--variant", "thumbnail")) == [f"{video_id}.webp"]
    assert Path(f"{video_id}.webp").read_bytes()[8:12] == b"WEBP"


def test_a_finished_film_can_be_removed_but_not_stopped(served: Served) -> None:
    """Cancel is refused once it has ended, delete works once."""
    video_id = _made(served)
    assert served("cancel", video_id).code == 6
    assert served("delete", video_id).code == 0
    assert served("delete", video_id).code == 3


def test_watch_saves_unless_told_otherwise(served: Served) -> None:
    """A film is taken up by its id."""
    video_id = _made(served)
    assert _lines(served("watch", video_id)) == [f"{video_id}.mp4"]
    assert json.loads(served("watch", video_id, "--no-save", "--format", "json").out)["status"] == "completed"


def test_models_are_listed(served: Served) -> None:
    """What can be asked for."""
    assert any(line.startswith("sora-2\t") for line in _lines(served("models")))


def test_a_film_leads_to_the_next(served: Served) -> None:
    """A remix and an extension are of a film's id, an edit takes a file too; each ends in a file."""
    made = _made(served)
    assert _lines(served("remix", made, "at night", "-o", "night.mp4")) == ["night.mp4"]
    assert _lines(served("extend", made, "it runs on", "--seconds", "4", "-o", "longer.mp4")) == ["longer.mp4"]
    assert _lines(served("edit", "night.mp4", "snow", "-o", "snow.mp4")) == ["snow.mp4"]
    assert all(Path(name).read_bytes()[4:8] == b"ftyp" for name in ("night.mp4", "longer.mp4", "snow.mp4"))
    assert served("remix", "video_none", "x").code != 0
