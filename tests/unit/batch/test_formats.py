"""Files as Excel, Chinese Windows, programs and people write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from filmgate.batch.parser import ParsedFile, read_rows

if TYPE_CHECKING:
    from filmgate.batch.formats import Format


def _read(
    data: bytes | str, name: str = "rows.csv", file_format: Format | None = None, encoding: str | None = None
) -> ParsedFile:
    data = data.encode() if isinstance(data, str) else data
    return read_rows(data, name, Path("/videos"), file_format=file_format, encoding=encoding)


def _prompts(data: bytes | str, name: str = "rows.csv") -> list[str]:
    parsed = _read(data, name)
    assert not parsed.problems, parsed
    return [row.params.prompt for row in parsed.rows]


def _problem(data: bytes | str, name: str = "rows.csv") -> tuple[int, str]:
    [problem] = _read(data, name).problems
    return problem.row, problem.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
def test_encodings_are_detected_by_their_bytes(encoding: str) -> None:
    """Those in which Excel saves files in any country."""
    text = "提示词,时长\n雪山日出，航拍,8\na koi pond,4\n"
    assert _prompts(text.encode(encoding)) == ["雪山日出，航拍", "a koi pond"]


def test_an_encoding_may_be_given() -> None:
    """A file that is invalid in it is a problem."""
    assert _read("prompt\ncafé\n".encode("latin-1"), encoding="latin-1").rows[0].params.prompt == "café"
    assert _read(b"prompt\n\xff\xff", encoding="ascii").problems[0].code == "encoding"
    assert _read(b"prompt\n\xff\xff").problems[0].code == "encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_detected_in_the_first_line(delimiter: str) -> None:
    """Excel's depends on the country."""
    header, row = delimiter.join(["prompt", '"seed"', "size"]), delimiter.join(['"a, b; c"', "7", "1280×720"])
    [parsed] = _read(f"{header}\n{row}\n").rows
    assert (parsed.params.prompt, parsed.params.seed, parsed.params.size) == ("a, b; c", 7, "1280x720")


def test_excels_delimiter_line_is_followed() -> None:
    """``sep=;`` in the first line."""
    assert _prompts("sep=;\r\nprompt;seed\r\na, b;1\r\n") == ["a, b"]


def test_cells_may_contain_line_breaks_and_quotes() -> None:
    """Rows are numbered as spreadsheets number them."""
    parsed = _read('prompt,seed\r\n"two\nlines, ""quoted""",1\r\n\r\n,,\r\nlast,2\r\n')
    assert [(row.number, row.params.prompt) for row in parsed.rows] == [(2, 'two\nlines, "quoted"'), (5, "last")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prompt\na dog, running\n", (2, "too_many_cells")),
        ('prompt\n"a dog\n', (2, "quotes")),
        ("prompt,sead\na dog,1\n", (2, "unknown_column")),
        ("prompt,seed\n,1\n", (2, "missing_prompt")),
        ("prompt,提示词\na,b\n", (2, "duplicate_column")),
        ("", (0, "empty")),
        ("prompt\n", (0, "empty")),
    ],
)
def test_an_invalid_table_is_a_problem(text: str, problem: tuple[int, str]) -> None:
    """With the row's number; 0 for the whole file."""
    assert _problem(text) == problem


def test_json_lines_are_read() -> None:
    """Each line is an object or a prompt; empty lines are skipped."""
    assert _prompts('{"prompt": "a", "seconds": 8}\n\n"b"\n', "rows.jsonl") == ["a", "b"]
    assert _problem('{"prompt": "a"}\n{"prompt":\n', "rows.jsonl") == (2, "json")
    assert _problem("7\n", "rows.jsonl") == (1, "not_an_object")
    assert _problem("[" * 100_000, "rows.jsonl") == (1, "json")


def test_a_list_with_defaults_is_read() -> None:
    """In JSON and YAML."""
    yaml = "defaults:\n  seconds: 8\n  model: sora-2-pro\nrows:\n  - a\n  - prompt: b\n    seconds: 4\n"
    parsed = _read(yaml, "rows.yaml")
    assert [(row.params.prompt, row.params.seconds, row.params.model) for row in parsed.rows] == [
        ("a", "8", "sora-2-pro"),
        ("b", "4", "sora-2-pro"),
    ]
    assert _prompts('[{"prompt": "a"}, "b"]', "rows.json") == ["a", "b"]
    assert _problem("a: [", "rows.yaml")[1] == "yaml"
    assert _problem("a: 1", "rows.yaml") == (0, "not_a_list")
    assert _problem("!!python/object/apply:os.system [echo]", "rows.yaml")[1] == "yaml"


def test_text_lines_are_prompts() -> None:
    """``#`` starts a comment."""
    assert _prompts("# mine\na dog, running\n\n  a cat\n", "rows.txt") == ["a dog, running", "a cat"]


def test_the_format_of_standard_input_is_detected() -> None:
    """By its first characters, since there is no file name."""
    assert _prompts('{"prompt": "a"}\n', "") == ["a"]
    assert _prompts('["a"]\n', "") == ["a"]
    assert _prompts("prompt;seed\na;1\n", "") == ["a"]
    assert _prompts("a dog, running\n", "") == ["a dog, running"]
