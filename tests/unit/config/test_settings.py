"""Settings: their sources, their precedence, and error texts for invalid ones."""

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
    """Without configuration, the server listens on loopback only and fetches from no private host."""
    assert load() == Settings()
    assert Settings().host == "127.0.0.1"
    assert Settings().allow_hosts == ()


def test_the_precedence_of_sources(tmp_path: Path) -> None:
    """A flag overrides the environment, which overrides the file, which overrides the default."""
    file = tmp_path / "filmgate.toml"
    file.write_text('port = 1\nhost = "file"\nbody_limit = 7\n', encoding="utf-8")
    settings = load(file, {"FILMGATE_PORT": "2", "FILMGATE_HOST": "environment"}, {"port": 3, "host": None})
    assert (settings.port, settings.host, settings.body_limit) == (3, "environment", 7)


def test_value_types() -> None:
    """Paths, lists and booleans are parsed from text."""
    environ = {"FILMGATE_DATA": "~/videos", "FILMGATE_ALLOW_HOSTS": "a, b,", "FILMGATE_WORKER": "false"}
    settings = load(environ=environ)
    assert settings.data == Path("~/videos").expanduser()
    assert settings.allow_hosts == ("a", "b")
    assert settings.worker is False


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"FILMGATE_PORT": "70000"}, "FILMGATE_PORT: 'port'"),
        ({"FILMGATE_PORT": "eighty"}, "FILMGATE_PORT: 'port'"),
        ({"FILMGATE_LOG_LEVEL": "loud"}, "FILMGATE_LOG_LEVEL: 'log_level'"),
        ({"FILMGATE_BODY_LIMIT": "0"}, "FILMGATE_BODY_LIMIT: 'body_limit'"),
    ],
)
def test_an_invalid_value_is_refused(environ: dict[str, str], message: str) -> None:
    """The error names the value's source."""
    with pytest.raises(SettingsError) as caught:
        load(environ=environ)
    assert message in caught.value.message


@pytest.mark.parametrize(("text", "message"), [("prot = 1", "no setting 'prot'"), ("port =", "not valid TOML")])
def test_an_invalid_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """A file with an unknown key, or that is no TOML, is refused; the error names it."""
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert message in caught.value.message
    assert str(file) in caught.value.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the missing file."""
    with pytest.raises(SettingsError, match="absent"):
        load(tmp_path / "absent.toml")


def test_the_table_describes_itself() -> None:
    """Every setting has a name, an environment variable, a type and a help text."""
    rows = describe()
    assert [*(row.name for row in rows), "tables"] == list(Settings.__struct_fields__)
    assert all(row.env == ENV_PREFIX + row.name.upper() and row.type and row.help for row in rows)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    """Each has a line, so that one start shows all of them."""
    file = tmp_path / "filmgate.toml"
    file.write_text('prot = 1\nport = "x"\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file, {"FILMGATE_BODY_LIMIT": "0"})
    assert len(caught.value.message.splitlines()) == 3


def test_tables_are_read_in_addition_to_settings(tmp_path: Path) -> None:
    """Engines are read with their key sources, everything else unchanged."""
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


def test_models_may_be_a_path(tmp_path: Path) -> None:
    """The setting of that name; a relative path is relative to the file's folder."""
    file = tmp_path / "filmgate.toml"
    file.write_text('models = "own.toml"\n', encoding="utf-8")
    assert load(file).models == tmp_path / "own.toml"
    assert load(file, {"FILMGATE_MODELS": "other.toml"}).models == Path("other.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engines = 7", "[engines.NAME]"),
        ("[engines]\na = 1", "'a' is none"),
        ("[engines.a]\nkind = 7", "[engines.a]: 'kind'"),
        ('[engines.a]\nkey_env = "A"\nkey_file = "b"', "not by both"),
        ('[engines.a]\napi_key = "sk-secret"', "key_env"),
        ("[route.m]\nx = 1", "no setting 'route'"),
    ],
)
def test_an_invalid_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names file, table and key; it never contains an API key."""
    file = tmp_path / "filmgate.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert message in caught.value.message
    assert str(file) in caught.value.message
    assert "sk-secret" not in caught.value.message


def test_each_value_has_an_origin(tmp_path: Path) -> None:
    """A file, a variable or a flag; otherwise it is a default."""
    file = tmp_path / "filmgate.toml"
    file.write_text("port = 1\nbody_limit = 7\n", encoding="utf-8")
    origins = load_with_origins(file, {"FILMGATE_PORT": "2"}, {"host": "h", "data": None}).origins
    assert origins == {"body_limit": str(file), "port": "FILMGATE_PORT", "host": "--host"}


def test_the_search_order_of_the_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option, a variable, the current folder, the user's folder; the first existing one is used."""
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
