"""The engine registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate import engines
from filmgate.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def _context(tmp_path: Path, **options: object) -> engines.EngineContext:
    return engines.EngineContext(name="testcard", options=options, cache=tmp_path, scratch=tmp_path)


async def test_a_built_in_engine_is_created_by_its_name(tmp_path: Path) -> None:
    """The engine has the requested name and its options."""
    engine = engines.create_engine("testcard", _context(tmp_path, delay=2.5, concurrency=3))
    assert engine.name == "testcard"
    assert engine.capabilities.concurrency == 3
    await engine.stop()


def test_an_unknown_engine_is_refused_with_the_known_names(tmp_path: Path) -> None:
    """The error lists the existing engines."""
    with pytest.raises(SettingsError, match=r"no engine 'tescard'; known ones: .*openai-videos, scene, testcard"):
        engines.create_engine("tescard", _context(tmp_path))


@pytest.mark.parametrize("options", [{"delay": -1}, {"delay": "soon"}, {"concurrency": 0}, {"concurrency": True}])
def test_an_invalid_option_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    """The error names the option, before any engine is created."""
    with pytest.raises(SettingsError, match=next(iter(options))):
        engines.create_engine("testcard", _context(tmp_path, **options))


def test_the_built_in_engines_are_listed() -> None:
    """The list equals the engines that can be created."""
    assert {"scene", "testcard"} <= set(engines.engine_names())


def _install(folder: Path, name: str, entry_points: str) -> None:
    """A package whose engines are all test cards of the name ``foreign``."""
    code = "from filmgate.engines.testcard import TestcardEngine\n\ndef build(context):\n"
    (folder / f"{name}.py").write_text(f"{code}    return TestcardEngine(name='foreign')\n", encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[filmgate.engines]\n{entry_points}", encoding="utf-8")


async def test_an_engine_of_another_package_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry point is used; our own names take precedence, wherever the other package is on the path."""
    _install(tmp_path, "other_engines", "foreign = other_engines:build\ntestcard = other_engines:build\n")
    monkeypatch.syspath_prepend(tmp_path)
    foreign, own = (
        engines.create_engine("foreign", _context(tmp_path)),
        engines.create_engine("testcard", _context(tmp_path)),
    )
    assert (foreign.name, own.name) == ("foreign", "testcard")
    assert "foreign" in engines.engine_names()
    await foreign.stop()
    await own.stop()


def test_no_engine_is_absent_with_all_extras() -> None:
    """With every extra installed, each of our engines is available."""
    assert engines.absent() == frozenset()
    assert "filmgate[scene]" in engines.install_hint("scene")
    assert not engines.install_hint("testcard")
