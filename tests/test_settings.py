"""Settings: their sources, their order, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from filmgate.errors import SettingsError
from filmgate.settings import ENV_PREFIX, Settings, describe, load


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
