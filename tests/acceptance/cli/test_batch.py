"""``filmgate batch`` from the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from tests.support.cli import CliEnv, Served
from tests.support.served import serving

from filmgate.media import mp4_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli import Ran

TINY = """
[models.sora-2]
engine = "testcard"
sizes = ["72x128", "128x72"]
default_size = "72x128"
seconds = [1, 4]
default_seconds = 1
price = { default = 0 }
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save videos into a temporary current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server whose videos are small and short: the tests make many."""
    with serving(tmp_path_factory.mktemp("served"), TINY) as running:
        yield Served(running.url, running.key)


def _video_count(served: Served) -> int:
    return len(served("list", "-q", "--limit", "1000").out.splitlines())


def _lines(ran: Ran) -> list[str]:
    assert ran.code == 0, ran
    return ran.out.splitlines()


def test_each_row_becomes_a_video(served: Served) -> None:
    """The result is their paths; a second run submits nothing and prints the same."""
    Path("p.csv").write_text("提示词,时长,名称\n雪山日出,4,opening\na dog,4,\n", encoding="gbk")
    before = _video_count(served)
    assert sorted(_lines(served("batch", "p.csv"))) == ["p/003-a-dog.mp4", "p/opening.mp4"]
    for path in Path("p").iterdir():
        mp4_boxes.walk_video(path)
    assert sorted(_lines(served("batch", "p.csv"))) == ["p/003-a-dog.mp4", "p/opening.mp4"]
    assert _video_count(served) == before + 2


def test_only_an_added_row_is_generated(served: Served) -> None:
    """The other rows keep their videos, also at other positions."""
    Path("p.txt").write_text("a dog\n")
    assert _lines(served("batch", "p.txt", "-q")) == ["p/001-a-dog.mp4"]
    Path("p.txt").write_text("a cat\na dog\na dog\n")
    before = _video_count(served)
    paths = sorted(_lines(served("batch", "p.txt", "-q")))
    assert paths == ["p/001-a-cat.mp4", "p/001-a-dog.mp4", "p/003-a-dog.mp4"]
    assert _video_count(served) == before + 2


def test_names_come_from_rows_or_a_template(served: Served) -> None:
    """A row's own output takes precedence; no name leads out of the folder."""
    rows = [{"prompt": "a", "output": "own/a"}, {"prompt": "b", "size": "128x72"}]
    Path("p.json").write_text(json.dumps(rows))
    paths = _lines(served("batch", "p.json", "--out", "videos", "-o", "{size}/{slug}.{ext}"))
    assert sorted(paths) == ["videos/128x72/b.mp4", "videos/own/a.mp4"]
    Path("q.json").write_text(json.dumps([{"prompt": "a", "output": "../../x.mp4"}]))
    assert served("batch", "q.json").code == 2


def test_an_existing_file_is_kept(served: Served) -> None:
    """Reported before anything is sent; --force overwrites it."""
    Path("videos").mkdir()
    Path("videos/a.mp4").write_text("mine")
    Path("p.json").write_text('[{"prompt": "a", "output": "a.mp4"}]')
    before = _video_count(served)
    ran = served("batch", "p.json", "--out", "videos")
    assert (ran.code, Path("videos/a.mp4").read_text()) == (2, "mine")
    assert _video_count(served) == before
    assert served("batch", "p.json", "--out", "videos", "--force").code == 0
    mp4_boxes.walk_video(Path("videos/a.mp4"))


def test_everything_is_checked_before_anything_is_sent(served: Served) -> None:
    """All problems at once, each with its row, localised."""
    Image.new("RGB", (8, 8)).save("small.png")
    Path("p.csv").write_text("prompt,seconds,size,image\na,5,,\nb,4,1x1,\nc,4,,small.png\nd,4,,none.png\ne,4,72x128,\n")
    before = _video_count(served)
    ran = served("batch", "p.csv")
    assert (ran.code, ran.out) == (2, "")
    assert [line.split(":")[1] for line in ran.err.splitlines()[:-1]] == [" Row 2", " Row 3", " Row 4", " Row 5"]
    assert "第 2 行" in served("batch", "p.csv", "--lang", "zh").err
    problems = json.loads(served("batch", "p.csv", "--format", "json").out)["error"]["problems"]
    assert [problem["row"] for problem in problems] == [2, 3, 4, 5]
    assert _video_count(served) == before
    Path("q.csv").write_text("promt\na\n")
    assert "did you mean prompt?" in served("batch", "q.csv").err


def test_a_dry_run_shows_the_plan_and_leaves_nothing(served: Served) -> None:
    """Also on a terminal."""
    Path("p.txt").write_text("a\nb\n")
    before = _video_count(served)
    assert [line.split("\t")[1] for line in _lines(served("batch", "p.txt", "--dry-run"))] == ["new", "new"]
    assert "新" in served("batch", "p.txt", "--dry-run", "--lang", "zh", terminal=True, TERM="xterm").out
    assert _video_count(served) == before
    assert [path.name for path in Path().iterdir()] == ["p.txt"]


def test_results_as_json(served: Served) -> None:
    """JSON lines as rows finish, a list at the end, an archive."""
    Path("p.txt").write_text("a\nb\n")
    ran = served("batch", "p.txt", "--format", "jsonl", "--limit", "1")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 13
    assert [(row["row"], row["status"]) for row in rows] == [(1, "saved")]
    ran = served("batch", "p.txt", "--format", "json", "--archive", "all.jsonl")
    assert [row["status"] for row in json.loads(ran.out)] == ["already_saved", "saved"]
    archived = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    assert [Path(row["path"]).name for row in archived] == ["001-a.mp4", "002-b.mp4"]


def test_rows_from_standard_input(served: Served) -> None:
    """Paths and the journal are in the current folder."""
    assert _lines(served("batch", "-", "--out", "videos", stdin="a dog\na cat\n")) != []
    assert sorted(path.name for path in Path("videos").iterdir()) == ["001-a-dog.mp4", "002-a-cat.mp4"]
    assert Path("stdin.filmgate/journal.jsonl").exists()


def test_a_refused_row_fails_alone(served: Served) -> None:
    """Exit code 13; failed.jsonl can be run as a batch."""
    Path("p.json").write_text(json.dumps([{"prompt": "a"}, {"prompt": "b", "characters": ["char_none"]}]))
    ran = served("batch", "p.json")
    assert (ran.code, ran.out) == (13, "p/001-a.mp4\n")
    assert "failed.jsonl" in ran.err
    [failed] = Path("p.json.filmgate/failed.jsonl").read_text().splitlines()
    assert json.loads(failed)["characters"] == ["char_none"]
    assert served("batch", "p.json.filmgate/failed.jsonl").code == 13


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_progress_is_drawn_at_every_width(served: Served, columns: str) -> None:
    """The cursor is visible again at the end."""
    Path("p.txt").write_text("雪山日出，航拍，远景，云海翻腾\na dog runs along a beach at sunset, low waves\n")
    ran = served("batch", "p.txt", terminal=True, TERM="xterm", COLUMNS=columns)
    assert ran.code == 0
    assert ran.err.rfind("\x1b[?25h") > ran.err.rfind("\x1b[?25l")
    assert "2 of 2 videos are in p" in ran.err


def test_a_batch_with_the_embedded_engine_resumes_after_ctrl_c(cli_env: CliEnv) -> None:
    """Ctrl-C prints how to continue, and the same command does."""
    (cli_env.folder / "models.toml").write_text(TINY)
    file = cli_env.folder / "p.txt"
    file.write_text("a\nb\nc\n")
    process = cli_env.start("batch", "p.txt", FILMGATE_TESTCARD_DELAY="60")
    assert process.stderr is not None
    for _ in range(3):
        process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 130
    assert "the same command" in err.splitlines()[-1]
    ran = cli_env("batch", "p.txt")
    assert (ran.code, len(ran.out.splitlines())) == (0, 3)
    assert len(cli_env("list", "-q").out.splitlines()) == 3


def test_the_budget_is_never_exceeded(cli_env: CliEnv) -> None:
    """Exit code 8 before the row that would exceed it; a larger budget continues."""
    (cli_env.folder / "models.toml").write_text(TINY.replace("= 0", "= 400000"))
    (cli_env.folder / "p.txt").write_text("a\nb\nc\n")
    ran = cli_env("batch", "p.txt", "--budget", "1", "--concurrency", "1")
    assert (ran.code, len(ran.out.splitlines())) == (8, 2)
    assert cli_env("batch", "p.txt", "--budget", "1.2").code == 0
    assert len(cli_env("list", "-q").out.splitlines()) == 3
