"""What is sealed can be read by nobody else."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from filmgate.errors import SettingsError, StorageFault
from filmgate.security.secret_box import SecretBox

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_sealed_can_be_opened_after_a_restart(tmp_path: Path) -> None:
    """The key outlives the process, and nobody else on the machine may read it."""
    path = tmp_path / "vault.key"
    sealed = SecretBox.from_keyfile(path).encrypt("whsec_é")
    assert "whsec" not in sealed
    assert SecretBox.from_keyfile(path).decrypt(sealed) == "whsec_é"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["vault.key"]


def test_another_vault_opens_nothing(tmp_path: Path) -> None:
    """A database without its key file keeps its secrets."""
    sealed = SecretBox.from_keyfile(tmp_path / "one").encrypt("secret")
    with pytest.raises(StorageFault):
        SecretBox.from_keyfile(tmp_path / "two").decrypt(sealed)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    """It is named, and never replaced: with it, the secrets would be gone."""
    path = tmp_path / "vault.key"
    path.write_text("nonsense")
    with pytest.raises(SettingsError, match=r"vault\.key"):
        SecretBox.from_keyfile(path)
    assert path.read_text() == "nonsense"
    with pytest.raises(SettingsError, match="can't be used"):
        SecretBox.from_keyfile(path / "vault.key")


def test_several_that_start_at_once_share_a_key(tmp_path: Path) -> None:
    """Whoever comes first makes it; the others read that one."""
    with ThreadPoolExecutor(8) as threads:
        vaults = list(threads.map(lambda _: SecretBox.from_keyfile(tmp_path / "vault.key"), range(8)))
    sealed = vaults[0].encrypt("x")
    assert [vault.decrypt(sealed) for vault in vaults] == ["x"] * 8
