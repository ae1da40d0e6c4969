"""Who may use a data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.errors import SettingsError
from filmgate.ops.data_lock import claim

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_server_is_refused_with_the_first_ones_name(tmp_path: Path) -> None:
    """The error names who holds the folder, and what to do."""
    held = claim(tmp_path, "server", alone=True)
    held.say("the server at http://127.0.0.1:8000")
    with pytest.raises(SettingsError, match=r"in use by the server at http://127\.0\.0\.1:8000.*--data"):
        claim(tmp_path, "server", alone=True)
    held.release()
    claim(tmp_path, "server", alone=True).release()


def test_workers_share_a_folder_under_names_of_their_own(tmp_path: Path) -> None:
    """Each gets the lowest free name, which is the same again after a restart."""
    first, second = claim(tmp_path, "worker", alone=False), claim(tmp_path, "worker", alone=False)
    assert (first.executor_id, second.executor_id) == ("worker-0", "worker-1")
    first.release()
    again = claim(tmp_path, "worker", alone=False)
    assert again.executor_id == "worker-0"
    again.release()
    second.release()
