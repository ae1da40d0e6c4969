"""The documentation: working links, tested examples, complete references, in two languages."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import msgspec
import pytest
from docs.generate import CHINESE, ENGINE_KEYS, ROUTE_KEYS, shown_errors, shown_failures
from tests.support.paths import ROOT
from tests.support.served import TESTCARDS

from filmgate.bootstrap.application import build_application
from filmgate.config import settings
from filmgate.config.catalog import PROMPT_CHARACTERS, Catalog
from filmgate.config.settings import Settings
from filmgate.domain import Stage, Status
from filmgate.media import images
from filmgate.wire import apiyi, apiyi_async, create, openapi, revision, usage, webhook
from filmgate.wire.objects import ErrorAnswer, ModelObject, VideoObject

from .conftest import CHINESE_SUFFIX, PAGES, blocks, manual, name_of, prose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REFERENCE = ROOT / "docs" / "reference"
RUNNABLE = {"bash", "sh", "python", "go", "java", "javascript", "json"}
LANGUAGES = pytest.mark.parametrize("chinese", [False, True], ids=["en", "zh"])
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")


def _slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _translated_pages() -> list[Path]:
    """Return the English pages that have a Chinese version."""
    return [page for page in PAGES if not page.name.endswith(CHINESE_SUFFIX) and _is_translated(page)]


def _is_translated(page: Path) -> bool:
    # Explanations address readers of the code, which is English.
    parts = ("reference", "how-to", "tutorial.md")
    return page.parent == ROOT or any(page.is_relative_to(ROOT / "docs" / part) for part in parts)


def _missing(names: Iterable[str], text: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in text]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    """Every link within the repository names an existing file and, after #, one of its headings."""
    for groups in _LINK.findall(prose(page)):
        target, _, anchor = "".join(groups).partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            assert anchor in {_slug(text) for _, text in _HEADING.findall(prose(path))}, f"{target}#{anchor}"


@pytest.mark.parametrize("page", _translated_pages(), ids=name_of)
def test_a_page_and_its_chinese_twin_have_the_same_structure(page: Path) -> None:
    """Headings, table rows and examples are the same, one for one."""
    chinese = page.with_name(page.stem + CHINESE_SUFFIX)
    assert chinese.exists(), f"{name_of(page)} has no Chinese version"
    levels = [[level for level, _ in _HEADING.findall(prose(each))] for each in (page, chinese)]
    rows = [len(re.findall(r"^\|", prose(each), re.MULTILINE)) for each in (page, chinese)]
    shapes = [[(block.mark, block.language) for block in blocks(each)] for each in (page, chinese)]
    assert levels[0] == levels[1]
    assert rows[0] == rows[1]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_are_run_or_quoted(page: Path) -> None:
    """An example is run by a test, is a verbatim part of a tested file, or is marked as shown only."""
    for block in blocks(page):
        if block.language not in RUNNABLE:
            continue
        assert block.mark, f"{name_of(page)} does not say how this is tested:\n{block.text}"
        if block.mark.startswith("from: "):
            path = ROOT / block.mark.removeprefix("from: ")
            assert block.text in path.read_text(encoding="utf-8"), f"not a part of {path.name}:\n{block.text}"
        else:
            assert block.mark in {"run", "shown"}
            assert block.mark == "shown" or block.language == "bash", "only shell scripts are run"


@LANGUAGES
async def test_every_endpoint_is_in_the_manual(tmp_path: Path, *, chinese: bool) -> None:
    """Every method and path of the route table has a row in the reference, and the reference has no others."""
    models = tmp_path / "models.toml"
    models.write_text(TESTCARDS)
    async with build_application(Settings(data=tmp_path / "data", models=models, worker=False)) as application:
        routes = {(method, route.path) for route in application.app.routes for method in _methods(route.endpoint)}
    page = (REFERENCE / f"api{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z]+) (/[^`?]*)`", page, re.MULTILINE))
    served = {route for route in routes if route[1].startswith(("/v1/", "/files", "/healthz", "/openapi"))}
    assert served <= documented, sorted(served - documented)
    assert documented <= served, sorted(documented - served)


def _methods(endpoint: object) -> list[str]:
    return [method for method in getattr(endpoint, "_handlers", {"GET": None}) if method != "HEAD"]


@LANGUAGES
def test_every_error_is_in_the_manual(*, chinese: bool) -> None:
    """The manual has every code of an error response and of a failed video."""
    codes = {kind.code or "" for kind in shown_errors()} | {failure.code for failure in shown_failures()}
    assert _missing(codes, manual(chinese=chinese)) == []


@LANGUAGES
def test_every_setting_is_in_the_manual(*, chinese: bool) -> None:
    """The manual has every setting and its environment variable."""
    names = [name for row in settings.describe() for name in (row.name, row.env)]
    assert _missing(names, manual(chinese=chinese)) == []


@LANGUAGES
def test_every_field_is_in_the_manual(*, chinese: bool) -> None:
    """The reference has every request field and every response key."""
    page = (REFERENCE / f"api{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(create.FIELD_READERS, page) == []
    assert _missing([*VideoObject.__struct_fields__, *ModelObject.__struct_fields__], page) == []
    assert [name for name in usage.UsageObject.__struct_fields__ if name not in page] == []
    hooks = (REFERENCE / f"webhooks{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(webhook.EndpointObject.__struct_fields__, hooks) == []
    assert _missing(webhook.EVENT_TYPES, hooks) == []


@LANGUAGES
def test_every_header_is_in_the_manual(*, chinese: bool) -> None:
    """The reference has every header of the OpenAPI document."""
    page = (REFERENCE / f"api{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    headers = openapi.document(Catalog.load().models(), "1.2.3")["components"]["headers"]
    assert _missing(headers, page) == []


@LANGUAGES
def test_every_limit_is_in_the_manual(*, chinese: bool) -> None:
    """The limits in the reference are those of the code."""
    page = (REFERENCE / f"api{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    numbers = (PROMPT_CHARACTERS, create.IMAGE_URL_MAX, create.CALLBACK_URL_MAX, images.MAX_PIXELS)
    assert [number for number in numbers if f"{number:,}" not in page] == []
    assert str(create.SEED_MAX) in page
    assert _missing(map(str, revision.EXTENSION_SECONDS), page) == []


@pytest.mark.parametrize(
    ("dialect", "video"), [("apiyi", apiyi.ApiyiVideo), ("apiyi-async", apiyi_async.ApiyiAsyncVideo)]
)
@LANGUAGES
def test_every_key_of_a_dialect_is_in_the_manual(dialect: str, video: type[msgspec.Struct], *, chinese: bool) -> None:
    """A dialect's page has every key of its video object."""
    page = (REFERENCE / "dialects" / f"{dialect}{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(video.__struct_fields__, page) == []


@LANGUAGES
def test_chat_models_are_in_the_manual(*, chinese: bool) -> None:
    """The chat page has every chat model of the catalogue."""
    page = (REFERENCE / "dialects" / f"chat{CHINESE_SUFFIX if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing((model.name for model in Catalog.load().models() if model.chat), page) == []


def test_chinese_tables_are_complete() -> None:
    """The Chinese texts of the generated pages have exactly the keys of the English ones."""
    assert CHINESE["errors"].keys() == {kind.code for kind in shown_errors()}
    assert CHINESE["failures"].keys() == {failure.code for failure in shown_failures()}
    assert CHINESE["settings"].keys() == {row.name for row in settings.describe()}
    tables = {f"engines_{key}" for key in ENGINE_KEYS} | {f"routes_{key}" for key in ROUTE_KEYS}
    assert CHINESE["tables"].keys() == tables
    assert CHINESE["statuses"].keys() == set(map(str, Status))
    assert CHINESE["stages"].keys() == set(map(str, Stage))


@LANGUAGES
def test_shown_objects_have_the_servers_keys(*, chinese: bool) -> None:
    """The JSON objects in the reference decode as the server's types and encode to the same keys in the same order."""
    page = REFERENCE / f"api{CHINESE_SUFFIX if chinese else '.md'}"
    video, error = [block.text for block in blocks(page) if block.language == "json"]
    decoded = msgspec.json.decode(video, type=VideoObject)
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == msgspec.json.decode(video)
    assert msgspec.json.decode(error, type=ErrorAnswer).error.code == "invalid_value"


def test_chinese_table_is_toml() -> None:
    """The file is valid TOML and is what the generator reads."""
    assert tomllib.loads((ROOT / "docs" / "chinese.toml").read_text(encoding="utf-8")) == CHINESE


def test_every_room_is_in_the_plan() -> None:
    """The architecture page names each top-level module and package."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = {path.stem for path in (ROOT / "src" / "filmgate").iterdir() if path.suffix in {"", ".py"}}
    for name in names - {"__init__", "__main__", "__pycache__"}:
        assert f"`{name}.py`" in page or f"`{name}/`" in page, name
