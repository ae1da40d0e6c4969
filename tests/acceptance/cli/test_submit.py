"""Submitting: previews, prices, refusals and confirmation, and submitting without waiting."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.cli import PNG, Served
from tests.support.served import serving

from filmgate.cli.inputs.filename_template import slugify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli import Ran


PRICED = """
[models.sora-2]
engine = "testcard"
price = { default = 100000 }

[models.sora-2-pro]
engine = "testcard"
price_per_call = 2500000
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save videos into a temporary current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def priced_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a server with prices: 0.1 a second, or 2.5 a video."""
    with serving(tmp_path_factory.mktemp("shop"), PRICED) as running:
        yield Served(running.url, running.key)


def _video_count(server: Served) -> int:
    return len(server("list", "-q", "--limit", "100").out.splitlines())


def _fails(ran: Ran, code: int, message: str) -> None:
    assert ran.code == code, ran
    assert message in ran.err
    assert ran.out == ""


def test_submit_then_watch_equals_generate(priced_server: Served) -> None:
    """The result is only the id; watch reads it from standard input and saves the file."""
    ran = priced_server("submit", "a koi pond in the rain")
    assert ran.code == 0
    (video_id,) = ran.out.splitlines()
    assert ran.err.splitlines()[-1].endswith(f"filmgate watch {video_id}")
    assert priced_server("watch", "-", "-q", stdin=ran.out).out == f"{video_id}.mp4\n"
    assert json.loads(priced_server("submit", "a koi pond", "--format", "json").out)["status"] == "queued"


def test_an_estimate_sends_nothing(priced_server: Served) -> None:
    """Price and length from the server's models, the time from earlier videos."""
    assert priced_server("generate", "a dog", "-q").code == 0
    before = _video_count(priced_server)
    estimate = json.loads(priced_server("submit", "a dog", "--estimate", "--format", "json").out)["estimate"]
    assert (estimate["model"], estimate["seconds"], estimate["price_micros"], estimate["price"]) == (
        "sora-2",
        "4",
        400_000,
        "0.4",
    )
    assert estimate["expected_seconds"] is not None
    ran = priced_server("generate", "a dog", "--estimate", "--model", "sora-2-pro", "--seconds", "8")
    assert "price\t2.5 units" in ran.out.splitlines()
    assert "time\tunknown" in ran.out.splitlines()
    assert _video_count(priced_server) == before


def test_a_dry_run_shows_the_request_and_refuses_like_the_server(priced_server: Served) -> None:
    """With the server's own error texts, and nothing is sent."""
    before = _video_count(priced_server)
    ran = priced_server("submit", "a koi pond", "--dry-run", "--seconds", "8", "--seed", "7")
    shown = dict(line.split("\t") for line in ran.out.splitlines())
    assert shown["request"].endswith("/v1/videos")
    assert json.loads(shown["body"]) == {"prompt": "a koi pond", "seconds": "8", "seed": 7}
    assert ran.err.splitlines()[-1] == "Nothing was sent."
    _fails(
        priced_server("submit", "a koi pond", "--dry-run", "--seconds", "5"),
        6,
        "Invalid value: '5'. Supported values are:",
    )
    _fails(priced_server("submit", "a koi pond", "--dry-run", "--model", "sora-9"), 6, "'sora-9' does not exist")
    assert _video_count(priced_server) == before


def test_a_budget_is_enforced(priced_server: Served) -> None:
    """A higher price is refused with exit code 8 before it is sent; an equal price is accepted."""
    before = _video_count(priced_server)
    _fails(
        priced_server("submit", "a koi pond", "--seconds", "8", "--budget", "0.5"), 8, "0.8 units, the budget is 0.5"
    )
    assert _video_count(priced_server) == before
    assert priced_server("submit", "a koi pond", "--seconds", "8", "--budget", "0.8").code == 0


def test_a_price_above_the_threshold_needs_confirmation(priced_server: Served) -> None:
    """On a terminal a question; elsewhere a refusal, unless --yes is set."""
    _fails(priced_server("submit", "a koi pond", "--confirm-over", "0.1"), 8, "--yes")
    assert priced_server("submit", "a koi pond", "--confirm-over", "0.1", "--yes").code == 0
    assert priced_server("submit", "a koi pond", "--confirm-over", "0.4").code == 0
    before = _video_count(priced_server)
    assert (
        priced_server("submit", "a koi pond", "--confirm-over", "0", stdin="n\n", terminal=True, TERM="xterm").code == 8
    )
    assert _video_count(priced_server) == before
    assert (
        priced_server("submit", "a koi pond", "--confirm-over", "0", stdin="y\n", terminal=True, TERM="xterm").code == 0
    )


@pytest.mark.needs("curl")
@pytest.mark.parametrize(
    "prompt", ['it\'s a "koi" pond; $HOME `date`', "雨中的锦鲤池\n第二行", "@file in the rain", "<b>"]
)
def test_the_curl_command_makes_the_same_request(priced_server: Served, tmp_path: Path, prompt: str) -> None:
    """Run as printed it creates the video for any prompt; run twice, the same video."""
    image = tmp_path / "a, b;c.png"
    image.write_bytes(PNG)
    before = _video_count(priced_server)
    for more in ([], ["-i", str(image), "--fit", "pad", "--seed", "7"]):
        command = priced_server("submit", "--print-curl", "--size", "720x1280", *more, "--", prompt).out
        assert priced_server.key not in command
        env = {"PATH": os.environ["PATH"], "FILMGATE_API_KEY": priced_server.key}
        created = [
            json.loads(subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, check=True).stdout)
            for _ in range(2)
        ]
        assert created[0]["prompt"] == prompt, created
        assert created[0]["id"] == created[1]["id"]
    assert _video_count(priced_server) == before + 2


def test_a_prompt_file_sets_parameters(priced_server: Served, tmp_path: Path) -> None:
    """Its front matter works like options, which take precedence; its output template is used."""
    (tmp_path / "p.md").write_text("---\nseconds: 8\nmodel: sora-2-pro\noutput: '{slug}.{ext}'\n---\n雪山日出，云海\n")
    assert priced_server("generate", "@p.md", "-q").out == "雪山日出-云海.mp4\n"
    assert priced_server("generate", "@p.md", "-q").out == "雪山日出-云海-2.mp4\n"
    video_id = priced_server("submit", "@p.md", "--seconds", "4", "-q").out.strip()
    shown = json.loads(priced_server("show", video_id, "--format", "json").out)
    assert (shown["prompt"], shown["seconds"], shown["model"]) == ("雪山日出，云海", "4", "sora-2-pro")
    assert priced_server("submit", "-", "-q", stdin="---\nseconds: 4\n---\na koi pond\n").code == 0


def test_a_video_is_named_by_a_template(priced_server: Served) -> None:
    """Folders in it are created; an error in it is reported before anything is submitted."""
    ran = priced_server("generate", "a koi pond", "-q", "-o", "videos/{created:%Y}/{slug}-{id}.{ext}")
    path = Path(ran.out.strip())
    assert path.parts[0] == "videos"
    assert path.name.startswith(f"{slugify('a koi pond')}-video_")
    assert path.stat().st_size > 1000
    before = _video_count(priced_server)
    assert priced_server("generate", "a koi pond", "-o", "{nope}.mp4").code == 2
    assert _video_count(priced_server) == before


def test_lint_warnings_go_to_standard_error(priced_server: Served) -> None:
    """Localised; none in quiet and JSON output."""
    assert "9:16" in priced_server("submit", "a koi pond, 9:16", "--size", "1280x720").err
    assert "竖屏" in priced_server("submit", "竖屏的锦鲤池和雨", "--size", "1280x720", LANG="zh_CN.UTF-8").err
    assert priced_server("submit", "dog", "-q").err == ""
    assert priced_server("submit", "dog", "--format", "json").err == ""


def test_fixed_poll_intervals_work(priced_server: Served) -> None:
    """For generate and watch."""
    assert priced_server("generate", "a koi pond", "-q", "--poll-interval", "0.05", "-o", "a.mp4").out == "a.mp4\n"
    video_id = priced_server("submit", "a koi pond", "-q").out.strip()
    assert priced_server("watch", video_id, "--poll-interval", "0.05", "--no-save").code == 0


def test_ids_come_from_standard_input_for_every_command(priced_server: Served) -> None:
    """``-`` works wherever an id does."""
    generated = priced_server("generate", "a koi pond", "--format", "json", "-o", "b.mp4")
    video_id = json.loads(generated.out)["id"]
    assert priced_server("show", "-", "-q", stdin=f"{video_id}\n").out == "completed\n"
    assert priced_server("remix", "-", "at night", "-q", "-o", "c.mp4", stdin=f"{video_id}\n").out == "c.mp4\n"
    assert priced_server("remix", "-", "at night", stdin="").code == 2
    assert priced_server("delete", "-", "-q", stdin=f"{video_id}\n").out == f"{video_id}\n"
