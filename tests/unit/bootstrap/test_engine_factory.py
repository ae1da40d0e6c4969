"""From a file's tables to engines, models and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from filmgate.bootstrap import engine_factory
from filmgate.config import settings
from filmgate.errors import SettingsError, StorageFault
from filmgate.security.secret_box import SecretBox

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from filmgate.bootstrap.engine_factory import ConfiguredEngines
    from filmgate.config.settings import Settings

KEY = "sk-very-secret-0123456789"

FILE = """
[engines.dmx]
kind = "openai-videos"
base_url = "https://dmx.example/v1"
key_env = "DMX_KEY"

[engines.apiyi]
kind = "openai-videos"
base_url = "https://apiyi.example/v1"
key_file = "apiyi.key"

[routes.sora-2]
engines = ["dmx", "apiyi"]

[models.mine]
like = "sora-2"
engine = "testcard"

[models.sora-2]
price = { default = 5 }
"""


def _settings(tmp_path: Path, text: str = FILE) -> Settings:
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    (tmp_path / "apiyi.key").write_text(f"{KEY}\n", encoding="ascii")
    return settings.load(file, {}, {"data": tmp_path / "data"})


def _assemble(tmp_path: Path, text: str = FILE, environ: Mapping[str, str] | None = None) -> ConfiguredEngines:
    vault = SecretBox.from_keyfile(tmp_path / "vault.key")
    return engine_factory.build_engines(
        _settings(tmp_path, text), {"DMX_KEY": "sk-dmx"} if environ is None else environ, vault
    )


def test_tables_become_engines_and_routes(tmp_path: Path) -> None:
    """Both configured engines and those that models name are created; each model has its route."""
    configured = _assemble(tmp_path)
    assert set(configured.engines) == {"apiyi", "dmx", "scene", "testcard"}
    assert configured.routes["sora-2"].engines == ("dmx", "apiyi")
    assert configured.routes["sora-2-pro"].engines == ("scene",)


def test_a_model_inherits_the_route_of_the_one_it_is_like(tmp_path: Path) -> None:
    """A model that names an engine does not."""
    configured = _assemble(tmp_path)
    assert configured.routes["sora-2-2025-10-06"].engines == ("dmx", "apiyi")
    assert configured.routes["mine"].engines == ("testcard",)


def test_a_routed_model_loses_the_built_in_description(tmp_path: Path) -> None:
    """The built-in description is about the scene engine."""
    model = _assemble(tmp_path).catalog.get("sora-2")
    assert model is not None
    assert (model.description, model.price) == ("", {"default": 5})


def test_identities_are_stored_with_an_encrypted_key(tmp_path: Path) -> None:
    """The stored text contains nothing of the key; the same vault alone can recreate the engine."""
    configured, vault = _assemble(tmp_path), SecretBox.from_keyfile(tmp_path / "vault.key")
    identity = next(identity for identity in configured.identities if identity.engine == "apiyi")
    assert KEY not in repr(identity)
    rebuilt = engine_factory.engine_rebuilder(_settings(tmp_path), vault)(identity)
    assert (rebuilt.name, rebuilt.identity) == ("apiyi", configured.engines["apiyi"].identity)
    with pytest.raises(StorageFault):
        engine_factory.engine_rebuilder(_settings(tmp_path), SecretBox.from_keyfile(tmp_path / "other.key"))(identity)


def test_another_key_or_address_is_another_identity(tmp_path: Path) -> None:
    """Other options do not change it."""
    identity = _assemble(tmp_path).engines["dmx"].identity
    assert _assemble(tmp_path).engines["dmx"].identity == identity
    assert _assemble(tmp_path, environ={"DMX_KEY": "sk-other"}).engines["dmx"].identity != identity
    assert _assemble(tmp_path, FILE.replace("dmx.example", "dmx2.example")).engines["dmx"].identity != identity


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("DMX_KEY", "NO_SUCH"), "[engines.dmx]: the environment variable NO_SUCH is not set"),
        (("apiyi.key", "absent.key"), "[engines.apiyi]: 'key_file'"),
        (('["dmx", "apiyi"]', '["dmx", "apiji"]'), "There is no engine 'apiji'"),
        (("[routes.sora-2]", "[routes.sora-3]"), "[routes.sora-3]: there is no model 'sora-3'"),
        (("engines = [", "engine = ["), "[routes.sora-2]"),
        (('"https://dmx.example/v1"', "7"), "[engines.dmx]: "),
        (('like = "sora-2"', 'lik = "sora-2"'), "model 'mine'"),
        (('engine = "testcard"', 'route = "sora-2"'), "[routes.mine]"),
    ],
)
def test_an_error_names_its_place(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    """Building the engines raises it, and validation reports it too."""
    text = FILE.replace(*change)
    with pytest.raises(SettingsError) as caught:
        _assemble(tmp_path, text)
    assert expected in caught.value.message
    errors = list(engine_factory.validate(_settings(tmp_path, text), {"DMX_KEY": "sk-dmx"}))
    assert [mistake for mistake in errors if expected in mistake]


def test_validation_reports_all_errors(tmp_path: Path) -> None:
    """One engine's error does not hide another's; a valid file gives none."""
    assert list(engine_factory.validate(_settings(tmp_path), {"DMX_KEY": "sk-dmx"})) == []
    broken = FILE.replace("apiyi.key", "absent.key").replace('"apiyi"]', '"unknown"]')
    errors = list(engine_factory.validate(_settings(tmp_path, broken), {}))
    assert len(errors) == 3


def test_no_error_contains_a_key(tmp_path: Path) -> None:
    """This holds even where the engine refuses the key."""
    with pytest.raises(SettingsError) as caught:
        _assemble(tmp_path, environ={"DMX_KEY": "sk-bad\nkey"})
    assert "sk-bad" not in caught.value.message
    assert "api_key" in caught.value.message
