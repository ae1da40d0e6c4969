"""Dying at a named step."""

from __future__ import annotations

import pytest

from filmgate.errors import SettingsError
from filmgate.flow.failpoint import CHECKPOINTS, failpoint


def test_without_a_name_nothing_dies() -> None:
    """The empty setting is a checkpoint that does nothing."""
    assert [failpoint("")(name) for name in CHECKPOINTS] == [None] * len(CHECKPOINTS)


@pytest.mark.parametrize("spec", ["nowhere", "intent:0", "intent:x", "intent:-1", ":1"])
def test_a_step_that_does_not_exist_is_refused(spec: str) -> None:
    """A misspelt failpoint would test nothing, so it is an error."""
    with pytest.raises(SettingsError, match="failpoint"):
        failpoint(spec)
