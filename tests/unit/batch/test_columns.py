"""Columns by all their names, cells as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgate.batch.columns import COLUMNS, column_for, read_row
from filmgate.batch.rows import BatchRow, Problem, VideoParams, assign_keys

FOLDER = Path("/films")


def _row(**fields: object) -> BatchRow:
    found = read_row(1, {"prompt": "a", **fields}, FOLDER)
    assert isinstance(found, BatchRow), found
    return found


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("Prompt", "prompt"),
        ("提示词", "prompt"),
        ("Input Reference", "input_reference"),
        ("参考图", "input_reference"),
        ("时长（秒）", "seconds"),
        ("first-frame", "input_reference"),
        ("metadata.scene", "metadata"),
        ("元数据.场景", "metadata"),
        ("prompt.x", None),
        ("nonsense", None),
    ],
)
def test_names_are_known(name: str, column: str | None) -> None:
    """In English and Chinese, however they are spaced and cased."""
    assert column_for(name) == column


def test_no_name_means_two_columns() -> None:
    """Or one of them would silently win."""
    names = [name for column in COLUMNS.values() for name in column]
    assert len(names) == len(set(names))


def test_cells_are_read_as_people_write_them() -> None:
    """Numbers that a spreadsheet made longer, units, other signs for times."""
    row = _row(seconds="8.0", size="1280 * 720", seed="7.0", fit="Crop", 名称="opening", output="x.mp4")
    wanted = row.params
    assert (wanted.seconds, wanted.size, wanted.seed, wanted.fit) == ("8", "1280x720", 7, "crop")
    assert (row.name, row.output) == ("opening", "x.mp4")
    assert _row(时长="8 秒").params.seconds == "8"
    assert _row(seconds=8).params.seconds == "8"


def test_references_are_paths_beside_the_file_or_addresses() -> None:
    """In every form that the SDK knows."""
    assert _row(image="a.png").params.image_path == FOLDER / "a.png"
    assert _row(image="/x/a.png").params.image_path == Path("/x/a.png")
    assert _row(image="https://x.test/a.png").params.image_path is None
    assert _row(input_reference={"image_url": "https://x.test/a.png"}).params.input_reference == "https://x.test/a.png"


def test_metadata_comes_in_columns_or_as_an_object() -> None:
    """Both at once too."""
    row = _row(**{"metadata.scene": 3, "metadata": {"take": "b"}, "_remark": "ignored"})
    assert row.params.metadata == {"scene": "3", "take": "b"}


def test_characters_come_as_a_list_or_a_text() -> None:
    """Their ids."""
    assert _row(characters="char_a, char_b").params.characters == ("char_a", "char_b")
    assert _row(characters=[{"id": "char_a"}, "char_b"]).params.characters == ("char_a", "char_b")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"seconds": "long"}, "seconds"),
        ({"size": "big"}, "size"),
        ({"size": "0x0"}, "size"),
        ({"seed": "-1"}, "seed"),
        ({"seed": str(2**63)}, "seed"),
        ({"fit": "stretch"}, "fit"),
        ({"model": ["a"]}, "not_text"),
        ({"model": True}, "not_text"),
        ({"metadata": "x"}, "metadata"),
    ],
)
def test_bad_cells_are_told(fields: dict[str, object], what: str) -> None:
    """By the row and what is wrong."""
    found = read_row(1, {"prompt": "a", **fields}, FOLDER)
    assert isinstance(found, Problem)
    assert (found.row, found.code) == (1, what)


def test_an_unknown_column_is_told_with_the_nearest() -> None:
    """A slip of the finger is the usual reason."""
    found = read_row(1, {"promt": "a"}, FOLDER)
    assert isinstance(found, Problem)
    assert found.values == {"name": "promt", "nearest": "prompt"}


def test_keys_are_of_content(tmp_path: Path) -> None:
    """A moved row keeps its key; a changed one, a changed picture and a second of its like have others."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"one")

    def keys(*rows: BatchRow) -> list[str]:
        return [row.key for row in assign_keys(rows)]

    a, b = BatchRow(number=1, params=VideoParams(prompt="a")), BatchRow(number=2, params=VideoParams(prompt="b"))
    assert keys(a, b) == keys(b, a)[::-1]
    assert len(set(keys(a, a, b))) == 3
    with_picture = BatchRow(number=1, params=VideoParams(prompt="a", input_reference=str(picture)))
    [before] = keys(with_picture)
    picture.write_bytes(b"two")
    assert keys(with_picture) != [before]
