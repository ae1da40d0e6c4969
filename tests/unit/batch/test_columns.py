"""Column names and cell values."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgate.batch.columns import COLUMNS, column_for, read_row
from filmgate.batch.rows import BatchRow, Problem, VideoParams, assign_keys

FOLDER = Path("/videos")


def _row(**fields: object) -> BatchRow:
    row = read_row(1, {"prompt": "a", **fields}, FOLDER)
    assert isinstance(row, BatchRow), row
    return row


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
def test_column_names_are_recognised(name: str, column: str | None) -> None:
    """In English and Chinese, in any spacing and case."""
    assert column_for(name) == column


def test_no_name_means_two_columns() -> None:
    """Otherwise one of them would silently win."""
    names = [name for column in COLUMNS.values() for name in column]
    assert len(names) == len(set(names))


def test_cells_are_read_in_common_spellings() -> None:
    """Decimals added by spreadsheets, units, and other multiplication signs."""
    row = _row(seconds="8.0", size="1280 * 720", seed="7.0", fit="Crop", 名称="opening", output="x.mp4")
    params = row.params
    assert (params.seconds, params.size, params.seed, params.fit) == ("8", "1280x720", 7, "crop")
    assert (row.name, row.output) == ("opening", "x.mp4")
    assert _row(时长="8 秒").params.seconds == "8"
    assert _row(seconds=8).params.seconds == "8"


def test_references_are_paths_or_urls() -> None:
    """Relative paths start at the file's folder; every form of the SDK is accepted."""
    assert _row(image="a.png").params.image_path == FOLDER / "a.png"
    assert _row(image="/x/a.png").params.image_path == Path("/x/a.png")
    assert _row(image="https://x.test/a.png").params.image_path is None
    assert _row(input_reference={"image_url": "https://x.test/a.png"}).params.input_reference == "https://x.test/a.png"


def test_metadata_is_read_from_columns_and_objects() -> None:
    """Also from both in one row."""
    row = _row(**{"metadata.scene": 3, "metadata": {"take": "b"}, "_remark": "ignored"})
    assert row.params.metadata == {"scene": "3", "take": "b"}


def test_characters_are_read_from_lists_and_text() -> None:
    """As ids or objects with ids."""
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
def test_an_invalid_cell_is_a_problem(fields: dict[str, object], what: str) -> None:
    """With its row and a code."""
    problem = read_row(1, {"prompt": "a", **fields}, FOLDER)
    assert isinstance(problem, Problem)
    assert (problem.row, problem.code) == (1, what)


def test_an_unknown_column_is_a_problem_with_a_suggestion() -> None:
    """Usually the name is misspelled."""
    problem = read_row(1, {"promt": "a"}, FOLDER)
    assert isinstance(problem, Problem)
    assert problem.values == {"name": "promt", "nearest": "prompt"}


def test_keys_depend_on_content(tmp_path: Path) -> None:
    """A moved row keeps its key; a changed row, a changed image and an equal second row have others."""
    image = tmp_path / "a.png"
    image.write_bytes(b"one")

    def keys(*rows: BatchRow) -> list[str]:
        return [row.key for row in assign_keys(rows)]

    a, b = BatchRow(number=1, params=VideoParams(prompt="a")), BatchRow(number=2, params=VideoParams(prompt="b"))
    assert keys(a, b) == keys(b, a)[::-1]
    assert len(set(keys(a, a, b))) == 3
    with_image = BatchRow(number=1, params=VideoParams(prompt="a", input_reference=str(image)))
    [before] = keys(with_image)
    image.write_bytes(b"two")
    assert keys(with_image) != [before]
