"""Settings: their sources, their order, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgate.config.settings import (
    ENV_PREFIX,
    EngineTable,
    Settings,
    describe,
    find_config_file,
    load,
    load_with_origins,
)
from filmgate.errors import SettingsError


def test_safe_by_default() -> None:
    """With nothing configured, it listens on loopback only and fetches from no private host."""
    assert load() == Settings()
    assert Settings().host == "127.0.0.1"
    assert Settings().allow_hosts == ()


def test_the_order_of_sources(tmp_path: Path) -> None:
    """A flag beats the environment, which beats the file, which beats the default."""
    file = tmp_path / "filmgate.toml"
    file.write_text('port = 1\nhost = "file"\nbody_limit = 7\n', encoding="utf-8")
    settings = load(file, {"FILMGATE_PORT": "2", "FILMGATE_HOST": "environment"}, {"port": 3, "host": None})
    assert (settings.port, settings.host, settings.body_limit) == (3, "environment", 7)


def test_kinds_of_values() -> None:
    """Paths, lists and truths are read from text."""
    environ = {"FILMGATE_DATA": "~/films", "FILMGATE_ALLOW_HOSTS": "a, b,", "FILMGATE_WORKER": "false"}
    settings = load(environ=environ)
    assert settings.data == Path("~/films").expanduser()
    assert settings.allow_hosts == ("a", "b")
    assert settings.worker is False


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"FILMGATE_PORT": "70000"}, "FILMGATE_PORT: 'port'"),
        ({"FILMGATE_PORT": "eighty"}, "FILMGATE_PORT: 'port'"),
        ({"FILMGATE_LOG_LEVEL": "loud"}, "FILMGATE_LOG_LEVEL: 'log_level'"),
        ({"FILMGATE_BODY_LIMIT": "0"}, "FILMGATE_BODY_LIMIT: 'body_limit'"),
    ],
)
def test_a_bad_value(environ: dict[str, str], said: str) -> None:
    """An unusable value is named with the place it came from."""
    with pytest.raises(SettingsError) as caught:
        load(environ=environ)
    assert said in caught.value.message


@pytest.mark.parametrize(("text", "said"), [("prot = 1", "no setting 'prot'"), ("port =", "not valid TOML")])
def test_a_bad_file(tmp_path: Path, text: str, said: str) -> None:
    """A file with an unknown key, or that is no TOML, is refused by name."""
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert said in caught.value.message
    assert str(file) in caught.value.message


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(SettingsError, match="absent"):
        load(tmp_path / "absent.toml")


def test_the_table_describes_itself() -> None:
    """Every setting has a name, an environment variable, a type and a help text."""
    rows = describe()
    assert [*(row.name for row in rows), "tables"] == list(Settings.__struct_fields__)
    assert all(row.env == ENV_PREFIX + row.name.upper() and row.type and row.help for row in rows)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """A line each, so that nobody has to start five times."""
    file = tmp_path / "filmgate.toml"
    file.write_text('prot = 1\nport = "x"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, {"FILMGATE_BODY_LIMIT": "0"})
    assert len(caught.value.message.splitlines()) == 3


def test_tables_are_read_beside_the_settings(tmp_path: Path) -> None:
    """Engines with their keys' places, everything else as it stands."""
    file = tmp_path / "filmgate.toml"
    file.write_text(
        'port = 1\n[engines.a]\nkind = "testcard"\ndelay = 2\nkey_file = "a.key"\n[engines.scene]\nworkers = 3\n'
        '[routes.m]\nengines = ["a"]\n[models.m]\nlike = "sora-2"\n[profiles.p]\nbase_url = "http://x"\n',
        encoding="utf-8",
    )
    tables = load(file).tables
    assert tables.file == file
    assert tables.engines == {
        "a": EngineTable(kind="testcard", options={"delay": 2}, key_file=tmp_path / "a.key"),
        "scene": EngineTable(kind="scene", options={"workers": 3}),
    }
    assert (tables.routes, tables.models) == ({"m": {"engines": ["a"]}}, {"m": {"like": "sora-2"}})
    assert tables.profiles == {"p": {"base_url": "http://x"}}


def test_models_may_be_a_path_instead(tmp_path: Path) -> None:
    """The setting of that name; a relative path is meant from where the file lies."""
    file = tmp_path / "filmgate.toml"
    file.write_text('models = "own.toml"\n', encoding="utf-8")
    assert load(file).models == tmp_path / "own.toml"
    assert load(file, {"FILMGATE_MODELS": "other.toml"}).models == Path("other.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("engines = 7", "[engines.NAME]"),
        ("[engines]\na = 1", "'a' is none"),
        ("[engines.a]\nkind = 7", "[engines.a]: 'kind'"),
        ('[engines.a]\nkey_env = "A"\nkey_file = "b"', "not by both"),
        ('[engines.a]\napi_key = "sk-secret"', "key_env"),
        ("[route.m]\nx = 1", "no setting 'route'"),
    ],
)
def test_a_bad_table(tmp_path: Path, text: str, said: str) -> None:
    """File, table and key are named; a key that stands in it is not repeated."""
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert said in caught.value.message
    assert str(file) in caught.value.message
    assert "sk-secret" not in caught.value.message


def test_each_value_has_an_origin(tmp_path: Path) -> None:
    """A file, a variable, a flag; what is missing is a default."""
    file = tmp_path / "filmgate.toml"
    file.write_text("port = 1\nbody_limit = 7\n", encoding="utf-8")
    origins = load_with_origins(file, {"FILMGATE_PORT": "2"}, {"host": "h", "data": None}).origins
    assert origins == {"body_limit": str(file), "port": "FILMGATE_PORT", "host": "--host"}


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option, a variable, the folder one is in, the user's own folder; the first that there is."""
    own = tmp_path / "config" / "filmgate" / "filmgate.toml"
    own.parent.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    assert find_config_file(None, {}) is None
    own.touch()
    assert find_config_file(None, {}) == own
    (tmp_path / "filmgate.toml").touch()
    assert find_config_file(None, {}, include_current_folder=True) == tmp_path / "filmgate.toml"
    assert find_config_file(None, {}) == own
    assert find_config_file(None, {"FILMGATE_CONFIG": "/a.toml"}) == Path("/a.toml")
    assert find_config_file(Path("b.toml"), {"FILMGATE_CONFIG": "/a.toml"}) == Path("b.toml")
