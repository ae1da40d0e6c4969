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
    """Described engines and those that models name by themselves, each model with its route."""
    made = _assemble(tmp_path)
    assert set(made.engines) == {"apiyi", "dmx", "scene", "testcard"}
    assert made.routes["sora-2"].engines == ("dmx", "apiyi")
    assert made.routes["sora-2-pro"].engines == ("scene",)


def test_a_model_takes_the_route_of_the_one_it_is_like(tmp_path: Path) -> None:
    """Unless it names an engine of its own."""
    made = _assemble(tmp_path)
    assert made.routes["sora-2-2025-10-06"].engines == ("dmx", "apiyi")
    assert made.routes["mine"].engines == ("testcard",)


def test_a_routed_model_is_no_longer_said_to_be_drawn_here(tmp_path: Path) -> None:
    """The built-in description speaks of the scene engine."""
    model = _assemble(tmp_path).catalog.get("sora-2")
    assert model is not None
    assert (model.description, model.price) == ("", {"default": 5})


def test_what_engines_are_is_kept_with_the_key_sealed(tmp_path: Path) -> None:
    """Nothing of a key is in what is stored; the same engine can be made of it again, by the same vault alone."""
    made, vault = _assemble(tmp_path), SecretBox.from_keyfile(tmp_path / "vault.key")
    was = next(identity for identity in made.identities if identity.engine == "apiyi")
    assert KEY not in repr(was)
    again = engine_factory.engine_rebuilder(_settings(tmp_path), vault)(was)
    assert (again.name, again.identity) == ("apiyi", made.engines["apiyi"].identity)
    with pytest.raises(StorageFault):
        engine_factory.engine_rebuilder(_settings(tmp_path), SecretBox.from_keyfile(tmp_path / "other.key"))(was)


def test_another_key_or_address_is_another_identity(tmp_path: Path) -> None:
    """And nothing else is."""
    identity = _assemble(tmp_path).engines["dmx"].identity
    assert _assemble(tmp_path).engines["dmx"].identity == identity
    assert _assemble(tmp_path, environ={"DMX_KEY": "sk-other"}).engines["dmx"].identity != identity
    assert _assemble(tmp_path, FILE.replace("dmx.example", "dmx2.example")).engines["dmx"].identity != identity


@pytest.mark.parametrize(
    ("change", "said"),
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
def test_a_mistake_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """Assembling refuses it, and a check tells the same."""
    text = FILE.replace(*change)
    with pytest.raises(SettingsError) as caught:
        _assemble(tmp_path, text)
    assert said in caught.value.message
    found = list(engine_factory.validate(_settings(tmp_path, text), {"DMX_KEY": "sk-dmx"}))
    assert [mistake for mistake in found if said in mistake]


def test_a_check_finds_them_all(tmp_path: Path) -> None:
    """One engine's mistake does not hide another's; without any, nothing is said."""
    assert list(engine_factory.validate(_settings(tmp_path), {"DMX_KEY": "sk-dmx"})) == []
    broken = FILE.replace("apiyi.key", "absent.key").replace('"apiyi"]', '"nobody"]')
    found = list(engine_factory.validate(_settings(tmp_path, broken), {}))
    assert len(found) == 3


def test_no_error_repeats_a_key(tmp_path: Path) -> None:
    """Not even where the engine refuses it."""
    with pytest.raises(SettingsError) as caught:
        _assemble(tmp_path, environ={"DMX_KEY": "sk-bad\nkey"})
    assert "sk-bad" not in caught.value.message
    assert "api_key" in caught.value.message
