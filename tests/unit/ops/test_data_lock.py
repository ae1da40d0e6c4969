"""Locks on a data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.errors import SettingsError
from filmgate.ops.data_lock import acquire

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_server_is_refused_with_the_address_of_the_first(tmp_path: Path) -> None:
    """The error names the process that holds the folder, and what to do."""
    held = acquire(tmp_path, "server", exclusive=True)
    held.set_holder("the server at http://127.0.0.1:8000")
    with pytest.raises(SettingsError, match=r"in use by the server at http://127\.0\.0\.1:8000.*--data"):
        acquire(tmp_path, "server", exclusive=True)
    held.release()
    acquire(tmp_path, "server", exclusive=True).release()


def test_workers_share_a_folder_under_separate_names(tmp_path: Path) -> None:
    """Each gets the lowest free name, which is the same after a restart."""
    first, second = acquire(tmp_path, "worker", exclusive=False), acquire(tmp_path, "worker", exclusive=False)
    assert (first.executor_id, second.executor_id) == ("worker-0", "worker-1")
    first.release()
    again = acquire(tmp_path, "worker", exclusive=False)
    assert again.executor_id == "worker-0"
    again.release()
    second.release()
