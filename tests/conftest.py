"""What every test shares: a clean environment, and honesty about what was left out."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter

import pytest
import structlog
from hypothesis import HealthCheck, settings
from tests.support.paths import ROOT

# Neither measures time: a busy machine fails nothing.
settings.register_profile("quick", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=100)
settings.load_profile("quick")

# A shell starts what runs in its background with SIGINT ignored, which processes of tests would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Kernels are compiled once for all runs, not once for each test's cache folder.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".cache" / "kernels"))


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
            pytest.fail(f"{', '.join(missing)} {LEFT_OUT}, and this run may leave nothing out")
        elif missing:
            pytest.skip(f"{', '.join(missing)} {LEFT_OUT}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, apart from all other skips, which programs were missing and how many tests that left out."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.getreports("skipped"))
    left_out = [f"{reason}: {count} tests" for reason, count in reasons.items() if LEFT_OUT in reason]
    if left_out:
        terminalreporter.section("left out")
        terminalreporter.write_line("\n".join(sorted(left_out)))
        terminalreporter.write_line("Install what is missing, or let CI run them.")


LEFT_OUT = "is not installed"
REQUIRE_ALL = os.environ.get("FILMGATE_TEST_REQUIRE") == "all"
