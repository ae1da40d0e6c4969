"""File names: from any prompt, on any file system, inside their folder, never overwriting."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.cli.inputs import filename_template
from filmgate.cli.inputs.filename_template import FilenameFields, join_inside, render_name, slugify, unused_path
from filmgate.cli.terminal_text import display_width
from filmgate.errors import SettingsError

FIELDS = FilenameFields(
    id="video_1f", created=datetime(2026, 3, 9, 8, 7, 6, tzinfo=UTC), slug="a-dog", model="sora-2", n=7
)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (filename_template.DEFAULT_TEMPLATE, "video_1f.mp4"),
        ("{created:%Y%m%d}-{slug}-{id}.{ext}", "20260309-a-dog-video_1f.mp4"),
        ("videos/{created:%Y/%m}/{n:03}.{ext}", "videos/2026/03/007.mp4"),
        ("{created}-{model}.mp4", "20260309-080706-sora-2.mp4"),
        ("{slug:.3}.{ext}", "a-d.mp4"),
        ("plain.mp4", "plain.mp4"),
        ("{{}}-{id}", "{}-video_1f"),
    ],
)
def test_a_template_is_filled_in(template: str, name: str) -> None:
    """Every field, with a format where it takes one; folders come from the template."""
    assert render_name(template, FIELDS) == Path(name)


@pytest.mark.parametrize("template", ["{nope}.mp4", "{id", "{id.__class__}", "{n:q}", "{id!r}", "{}", ""])
def test_an_invalid_template_is_a_settings_error(template: str) -> None:
    """Reported before a video is submitted, with the known fields."""
    with pytest.raises(SettingsError):
        filename_template.check_template(template)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("A golden retriever, on a beach!", "a-golden-retriever-on-a-beach"),
        ("一只金毛犬在海滩上奔跑", "一只金毛犬在海滩上奔跑"),
        ("雪山日出，云海翻腾", "雪山日出-云海翻腾"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\x00b\n\tc/d\\e", "a-b-c-d-e"),
        ("🐕🐕", "film"),
        ("", "film"),
        ("हिन्दी", "हिन्दी"),
        ("x" * 200, "x" * 48),
        ("字" * 200, "字" * 24),
    ],
)
def test_a_slug_is_made_of_the_prompts_words(prompt: str, expected: str) -> None:
    """In any script, without characters that file names cannot hold."""
    assert slugify(prompt) == expected


@given(st.text(), st.text())
def test_values_neither_leave_the_folder_nor_exceed_the_limit(video_id: str, prompt: str) -> None:
    """Ids come from servers and prompts from anywhere: the name is one part of a path in any case."""
    fields = FilenameFields(id=video_id, created=FIELDS.created, slug=slugify(prompt), ext="mp4")
    name = render_name("{slug}-{id}.{ext}", fields)
    assert len(name.parts) == 1
    assert not name.name.startswith(".")
    assert name.suffix == ".mp4"
    assert len(name.name.encode()) <= filename_template.NAME_BYTES
    assert display_width(slugify(prompt)) <= filename_template.SLUG_CELLS
    assert name.name.isprintable()


def test_windows_device_names_are_avoided() -> None:
    """``con.mp4`` is the console on Windows."""
    assert render_name("{slug}.mp4", FilenameFields(id="1", created=FIELDS.created, slug="con")) == Path("_con.mp4")


def test_a_name_stays_in_its_folder(tmp_path: Path) -> None:
    """Names in batch files are not trusted."""
    assert join_inside(tmp_path, Path("a/b.mp4")) == tmp_path / "a/b.mp4"
    for name in ("../b.mp4", "a/../../b.mp4", "/b.mp4"):
        with pytest.raises(SettingsError):
            join_inside(tmp_path, Path(name))


def test_a_taken_name_gets_a_number() -> None:
    """No file is overwritten."""
    taken = {Path("d/dog.mp4"), Path("d/dog-2.mp4")}
    assert unused_path(Path("d/cat.mp4"), taken.__contains__) == Path("d/cat.mp4")
    assert unused_path(Path("d/dog.mp4"), taken.__contains__) == Path("d/dog-3.mp4")
