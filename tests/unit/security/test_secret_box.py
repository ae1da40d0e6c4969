"""Encrypted secrets are readable with their key file only."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from filmgate.errors import SettingsError, StorageFault
from filmgate.security.secret_box import SecretBox

if TYPE_CHECKING:
    from pathlib import Path


def test_a_secret_can_be_decrypted_after_a_restart(tmp_path: Path) -> None:
    """The key is stored in a file that only its user can read."""
    path = tmp_path / "vault.key"
    sealed = SecretBox.from_keyfile(path).encrypt("whsec_é")
    assert "whsec" not in sealed
    assert SecretBox.from_keyfile(path).decrypt(sealed) == "whsec_é"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["vault.key"]


def test_another_key_decrypts_nothing(tmp_path: Path) -> None:
    """A database without its key file reveals no secrets."""
    sealed = SecretBox.from_keyfile(tmp_path / "one").encrypt("secret")
    with pytest.raises(StorageFault):
        SecretBox.from_keyfile(tmp_path / "two").decrypt(sealed)


def test_an_invalid_key_file_is_refused(tmp_path: Path) -> None:
    """The error names it, and it is never replaced: its secrets would be lost."""
    path = tmp_path / "vault.key"
    path.write_text("nonsense")
    with pytest.raises(SettingsError, match=r"vault\.key"):
        SecretBox.from_keyfile(path)
    assert path.read_text() == "nonsense"
    with pytest.raises(SettingsError, match="can't be used"):
        SecretBox.from_keyfile(path / "vault.key")


def test_concurrent_starts_share_one_key(tmp_path: Path) -> None:
    """The first one creates it; the others read it."""
    with ThreadPoolExecutor(8) as threads:
        vaults = list(threads.map(lambda _: SecretBox.from_keyfile(tmp_path / "vault.key"), range(8)))
    sealed = vaults[0].encrypt("x")
    assert [vault.decrypt(sealed) for vault in vaults] == ["x"] * 8
