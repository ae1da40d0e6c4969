"""The two distributions of the workspace agree with each other, and with the command line's list of extras."""

from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.support.installation import closure

from filmgate.cli.extras import MODULES

ROOT = Path(__file__).parents[2]


def _project(folder: str) -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project


CORE, SCENE = _project("."), _project("packages/filmgate-scene")


def test_both_distributions_have_one_version() -> None:
    """Each requires exactly the other's version, which equals its own."""
    version = CORE["version"]
    assert SCENE["version"] == version
    assert f"filmgate=={version}" in SCENE["dependencies"]
    extras = CORE["optional-dependencies"]
    assert extras["scene"] == [f"filmgate-scene=={version}"]
    assert extras["semantic"] == [f"filmgate-scene[semantic]=={version}"]


def test_every_requirement_of_an_extra_is_listed() -> None:
    """The error for a missing module names its extra, so every direct requirement of an extra must be in the list."""
    base = closure("filmgate")
    extras = CORE["optional-dependencies"]
    direct = {Requirement(text).name for extra in ("server", "mock", "mcp", "media") for text in extras[extra]}
    wanted = {
        module
        for module, names in packages_distributions().items()
        if (direct - base.keys()) & set(map(canonicalize_name, names)) and not module.startswith("_")
    }
    assert wanted - {"multipart"} == MODULES  # python-multipart's former name, which nothing imports
