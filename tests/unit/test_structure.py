"""The structure of the source: no import cycle, and one definition for each public class name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_each_public_class_name_is_defined_once() -> None:
    """A reader who searches for a class finds one definition."""
    definitions: dict[str, list[str]] = defaultdict(list)
    for module, path in all_modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                definitions[node.name].append(module)
    assert {name: where for name, where in definitions.items() if len(where) > 1} == {}


def test_no_import_cycle_exists() -> None:
    """Imports inside functions and under TYPE_CHECKING count too: they hide a cycle, they do not open it."""
    modules = all_modules()
    assert len(modules) > 400
    assert cycle_in(modules) == []


@pytest.mark.parametrize(
    "back",
    [
        "import box.a",
        "from box import a",
        "from box.a import name",
        "def late() -> None:\n    from box import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from box.a import name",
    ],
)
def test_every_form_of_import_is_found(tmp_path: Path, back: str) -> None:
    """A leads to b, b to c, and c back to a in a different form each time."""
    sources = {"__init__": "", "a": "import box.b\nname = 1", "b": "from box import c", "c": back, "d": "import box.a"}
    folder = tmp_path / "box"
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    assert set(cycle_in(modules_of(folder))) == {"box.a", "box.b", "box.c"}
    (folder / "c.py").write_text("import os")
    assert cycle_in(modules_of(folder)) == []


def all_modules() -> dict[str, Path]:
    """Every module of both packages by its full name."""
    return modules_of(ROOT / "src/filmgate") | modules_of(ROOT / "packages/filmgate-scene/src/filmgate_scene")


def modules_of(package: Path) -> dict[str, Path]:
    """Every module below a package's folder by its full name."""
    paths = package.rglob("*.py")
    names = {path: ".".join(path.relative_to(package.parent).with_suffix("").parts) for path in paths}
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


def cycle_in(modules: Mapping[str, Path]) -> list[str]:
    """The names of an import cycle, its first one again at the end; none: there is no cycle."""
    graph = {name: set(imports_of(path, modules)) - {name} for name, path in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return []


def imports_of(path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules that a file names in an import statement, wherever the statement stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                yield from (alias.name for alias in aliases if alias.name in modules)
            case ast.ImportFrom(level=level) if level:
                raise AssertionError(f"{path} has a relative import; write the module's full name.")
            case ast.ImportFrom(module=str(package), names=aliases):
                full = [f"{package}.{alias.name}" for alias in aliases]
                yield from (name if name in modules else package for name in full if {name, package} & modules.keys())
