"""Failpoints: the process dies at a named step."""

from __future__ import annotations

import pytest

from filmgate.errors import SettingsError
from filmgate.flow.failpoint import CHECKPOINTS, failpoint


def test_an_empty_failpoint_does_nothing() -> None:
    """The empty setting is a checkpoint function that does nothing."""
    assert [failpoint("")(name) for name in CHECKPOINTS] == [None] * len(CHECKPOINTS)


@pytest.mark.parametrize("spec", ["nowhere", "intent:0", "intent:x", "intent:-1", ":1"])
def test_an_unknown_step_is_refused(spec: str) -> None:
    """A misspelt failpoint would test nothing, so it is an error."""
    with pytest.raises(SettingsError, match="failpoint"):
        failpoint(spec)
