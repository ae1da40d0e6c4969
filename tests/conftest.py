"""What every test shares: a clean environment, and honesty about what was left out."""

from __future__ import annotations

import os
import shutil

import pytest
import structlog


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting, key or address of the developer's machine reaches a test, and nothing of a test that machine."""
    structlog.reset_defaults()  # a server that ran in this process before has decided about the log
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in list(os.environ):
        if name.startswith(("FILMGATE_", "OPENAI_")) or name in {"API_URL", "API_TOKEN", "DMX_API_KEY"}:
            monkeypatch.delenv(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``needs(program)`` is left out, with its reason, where the program is missing; in CI it fails."""
    for mark in item.iter_markers("needs"):
        missing = [program for program in mark.args if shutil.which(program) is None]
        if missing and REQUIRE_ALL:
            pytest.fail(f"{', '.join(missing)} is not installed, and this run may leave nothing out")
        elif missing:
            pytest.skip(f"left out: {', '.join(missing)} is not installed")


REQUIRE_ALL = os.environ.get("FILMGATE_TEST_REQUIRE") == "all"
