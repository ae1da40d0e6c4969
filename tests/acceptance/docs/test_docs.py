"""The manual: its examples run, its links lead somewhere, it names all there is, in two languages."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import msgspec
import pytest
from docs.generate import CHINESE, ENGINE_KEYS, ROUTE_KEYS, shown_errors, shown_failures
from tests.support.paths import ROOT

from filmgate.bootstrap.application import build_application
from filmgate.config import settings
from filmgate.config.catalog import PROMPT_CHARACTERS, Catalog
from filmgate.config.settings import Settings
from filmgate.domain import Stage, Status
from filmgate.media import images
from filmgate.wire import apiyi, apiyi_async, create, openapi, revision, usage, webhook
from filmgate.wire.objects import ErrorAnswer, ModelObject, VideoObject

from .conftest import PAGES, TESTCARDS, TWIN, blocks, manual, name_of, prose

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REFERENCE = ROOT / "docs" / "reference"
RUNNABLE = {"bash", "sh", "python", "go", "java", "javascript", "json"}
LANGUAGES = pytest.mark.parametrize("chinese", [False, True], ids=["en", "zh"])
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _twins() -> list[Path]:
    """The pages that stand in both languages, by the English one."""
    return [page for page in PAGES if not page.name.endswith(TWIN) and _both(page)]


def _both(page: Path) -> bool:
    # Explanations speak to those who read the code, which is English.
    return page.parent == ROOT or any(page.is_relative_to(ROOT / "docs" / part) for part in ("reference", "how-to"))


def _missing(names: Iterable[str], text: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in text]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link within the repository names a file that is there, and a heading that is in it."""
    for groups in _LINK.findall(prose(page)):
        target, _, anchor = "".join(groups).partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            assert anchor in {_slug(text) for _, text in _HEADING.findall(prose(path))}, f"{target}#{anchor}"


@pytest.mark.parametrize("page", _twins(), ids=name_of)
def test_twins(page: Path) -> None:
    """A page and its Chinese twin have the same headings, tables and examples, one for one."""
    twin = page.with_name(page.stem + TWIN)
    assert twin.exists(), f"{name_of(page)} has no twin"
    levels = [[level for level, _ in _HEADING.findall(prose(each))] for each in (page, twin)]
    rows = [len(re.findall(r"^\|", prose(each), re.MULTILINE)) for each in (page, twin)]
    shapes = [[(block.mark, block.language) for block in blocks(each)] for each in (page, twin)]
    assert levels[0] == levels[1]
    assert rows[0] == rows[1]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_are_run_or_quoted(page: Path) -> None:
    """An example is run by a test, is a verbatim part of a file that is, or says that it is only shown."""
    for block in blocks(page):
        if block.language not in RUNNABLE:
            continue
        assert block.mark, f"{name_of(page)} does not say what becomes of:\n{block.text}"
        if block.mark.startswith("from: "):
            path = ROOT / block.mark.removeprefix("from: ")
            assert block.text in path.read_text(encoding="utf-8"), f"not a part of {path.name}:\n{block.text}"
        else:
            assert block.mark in {"run", "shown"}
            assert block.mark == "shown" or block.language == "bash", "only shell scripts are run"


@LANGUAGES
async def test_every_endpoint_is_in_the_manual(tmp_path: Path, *, chinese: bool) -> None:
    """Every method and path of the route table is a row of the reference, and the reference names no other."""
    models = tmp_path / "models.toml"
    models.write_text(TESTCARDS)
    async with build_application(Settings(data=tmp_path / "data", models=models, worker=False)) as gate:
        routes = {(method, route.path) for route in gate.app.routes for method in _methods(route.endpoint)}
    page = (REFERENCE / f"api{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([A-Z]+) (/[^`?]*)`", page, re.MULTILINE))
    wanted = {route for route in routes if route[1].startswith(("/v1/", "/files", "/healthz", "/openapi"))}
    assert wanted <= named, sorted(wanted - named)
    assert named <= wanted, sorted(named - wanted)


def _methods(endpoint: object) -> list[str]:
    return [method for method in getattr(endpoint, "_handlers", {"GET": None}) if method != "HEAD"]


@LANGUAGES
def test_every_error_is_in_the_manual(*, chinese: bool) -> None:
    """Every code that an answer or a failed video may carry is explained."""
    codes = {kind.code or "" for kind in shown_errors()} | {failure.code for failure in shown_failures()}
    assert _missing(codes, manual(chinese=chinese)) == []


@LANGUAGES
def test_every_setting_is_in_the_manual(*, chinese: bool) -> None:
    """Every setting is explained, with its environment variable."""
    names = [name for row in settings.describe() for name in (row.name, row.env)]
    assert _missing(names, manual(chinese=chinese)) == []


@LANGUAGES
def test_every_field_is_in_the_manual(*, chinese: bool) -> None:
    """Every field that is taken and every key that is answered stands in the reference."""
    page = (REFERENCE / f"api{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(create.FIELD_READERS, page) == []
    assert _missing([*VideoObject.__struct_fields__, *ModelObject.__struct_fields__], page) == []
    assert [name for name in usage.UsageObject.__struct_fields__ if name not in page] == []
    hooks = (REFERENCE / f"webhooks{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(webhook.EndpointObject.__struct_fields__, hooks) == []
    assert _missing(webhook.EVENT_TYPES, hooks) == []


@LANGUAGES
def test_every_header_is_in_the_manual(*, chinese: bool) -> None:
    """Every header that the OpenAPI document speaks of is explained."""
    page = (REFERENCE / f"api{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    headers = openapi.document(Catalog.load().models(), "1.2.3")["components"]["headers"]
    assert _missing(headers, page) == []


@LANGUAGES
def test_every_limit_is_in_the_manual(*, chinese: bool) -> None:
    """The numbers of the code are the numbers of the reference."""
    page = (REFERENCE / f"api{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    numbers = (PROMPT_CHARACTERS, create.IMAGE_URL_MAX, create.CALLBACK_URL_MAX, images.MAX_PIXELS)
    assert [number for number in numbers if f"{number:,}" not in page] == []
    assert str(create.SEED_MAX) in page
    assert _missing(map(str, revision.EXTENSION_SECONDS), page) == []


@pytest.mark.parametrize(
    ("dialect", "video"), [("apiyi", apiyi.ApiyiVideo), ("apiyi-async", apiyi_async.ApiyiAsyncVideo)]
)
@LANGUAGES
def test_every_key_of_a_dialect_is_in_the_manual(dialect: str, video: type[msgspec.Struct], *, chinese: bool) -> None:
    """A dialect's page names every key of its video, and every code of its errors."""
    page = (REFERENCE / "dialects" / f"{dialect}{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing(video.__struct_fields__, page) == []


@LANGUAGES
def test_chat_models_are_in_the_manual(*, chinese: bool) -> None:
    """The page for chat programs names the models that they can pick."""
    page = (REFERENCE / "dialects" / f"chat{TWIN if chinese else '.md'}").read_text(encoding="utf-8")
    assert _missing((model.name for model in Catalog.load().models() if model.chat), page) == []


def test_chinese_tables_are_whole() -> None:
    """What the generated pages say in English they say in Chinese, and nothing that is gone."""
    assert CHINESE["errors"].keys() == {kind.code for kind in shown_errors()}
    assert CHINESE["failures"].keys() == {failure.code for failure in shown_failures()}
    assert CHINESE["settings"].keys() == {row.name for row in settings.describe()}
    tables = {f"engines_{key}" for key in ENGINE_KEYS} | {f"routes_{key}" for key in ROUTE_KEYS}
    assert CHINESE["tables"].keys() == tables
    assert CHINESE["statuses"].keys() == set(map(str, Status))
    assert CHINESE["stages"].keys() == set(map(str, Stage))


@LANGUAGES
def test_shown_objects_are_true(*, chinese: bool) -> None:
    """The objects that the reference shows have the keys that the server answers with, in their order."""
    page = REFERENCE / f"api{TWIN if chinese else '.md'}"
    video, error = [block.text for block in blocks(page) if block.language == "json"]
    decoded = msgspec.json.decode(video, type=VideoObject)
    assert msgspec.json.decode(msgspec.json.encode(decoded)) == msgspec.json.decode(video)
    assert msgspec.json.decode(error, type=ErrorAnswer).error.code == "invalid_value"


def test_chinese_table_is_toml() -> None:
    """The words stand in a file that anybody can edit."""
    assert tomllib.loads((ROOT / "docs" / "chinese.toml").read_text(encoding="utf-8")) == CHINESE


def test_every_room_is_in_the_plan() -> None:
    """Whoever opens the repository finds each module and package named in the architecture."""
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.stem for path in (ROOT / "src" / "filmgate").iterdir() if path.suffix in {"", ".py"}}
    for room in rooms - {"__init__", "__main__", "__pycache__"}:
        assert f"`{room}.py`" in plan or f"`{room}/`" in plan, room
