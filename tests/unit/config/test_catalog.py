"""The catalogue: what it accepts, its error texts, and what a file may override."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filmgate.config.catalog import Catalog, DialectLimits
from filmgate.domain import Size
from filmgate.errors import FilmgateError, InvalidValue, MissingParameter, SettingsError, UnknownModel
from filmgate.wire.params import CreateParams

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """
[models.{name}]
created = 1
engine = "testcard"
sizes = ["64x64", "128x64"]
seconds = ["4", "8", "12"]
default_size = "64x64"
default_seconds = "4"
price = {{ default = 100, "128x64" = 300 }}
"""


def _overlay(folder: Path, text: str, name: str = "models.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def small(tmp_path: Path) -> Catalog:
    """The built-in catalogue and a model called small."""
    return Catalog.load(_overlay(tmp_path, MODEL.format(name="small")))


def _error_of(catalog: Catalog, limits: DialectLimits | None = None, **fields: Any) -> FilmgateError:
    with pytest.raises(FilmgateError) as caught:
        catalog.resolve(CreateParams(**({"prompt": "a dog"} | fields)), limits or DialectLimits())
    return caught.value


def test_names_of_the_contract() -> None:
    """Every model name of the contract is known without configuration."""
    names = {"sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-2025-12-08", "sora-2-pro-2025-10-06"}
    assert names <= set(Catalog.load().names())


def test_defaults_of_a_request() -> None:
    """A prompt alone is a four-second portrait video of sora-2."""
    resolved = Catalog.load().resolve(CreateParams(prompt="a dog"))
    assert (resolved.model.name, str(resolved.size), resolved.seconds) == ("sora-2", "720x1280", 4)
    assert resolved.price_micros == 0


def test_descriptions_are_honest() -> None:
    """The description of a built-in model says that it is an animatic."""
    assert all("procedural animatic" in model.description for model in Catalog.load().models())


@pytest.mark.parametrize(("seconds", "size", "price"), [("8", "64x64", 800), ("12", "128x64", 3600)])
def test_the_price_is_per_second(small: Catalog, seconds: str, size: str, price: int) -> None:
    """The price is the size's, or the default, times the seconds."""
    params = CreateParams(prompt="a dog", model="small", seconds=seconds, size=size)
    assert small.resolve(params).price_micros == price


@pytest.mark.parametrize("seconds", ["5", "04", "4.0", " 4", "４", "", "-4", "4s", "9" * 5000])
def test_unsupported_seconds_are_refused(small: Catalog, seconds: str) -> None:
    """Any other notation or length is refused with OpenAI's sentence."""
    error = _error_of(small, model="small", seconds=seconds)
    assert isinstance(error, InvalidValue)
    assert error.message.endswith("Supported values are: '4', '8', and '12'.")
    assert (error.param, error.code, error.http_status) == ("seconds", "invalid_value", 400)
    assert len(error.message) < 250


def test_openais_error_sentences(small: Catalog) -> None:
    """Seconds and size are refused in exactly the contract's words."""
    seconds = _error_of(small, model="small", seconds="5")
    assert seconds.message == "Invalid value: '5'. Supported values are: '4', '8', and '12'."
    size = _error_of(small, size="1920x1080")
    assert size.message == "Invalid value: '1920x1080'. Supported values are: '720x1280' and '1280x720'."
    assert size.param == "size"


def test_an_unknown_model_is_refused(small: Catalog) -> None:
    """The error for an unknown model lists the known ones."""
    error = _error_of(small, model="sora-9")
    assert isinstance(error, UnknownModel)
    assert (error.param, error.code, error.http_status) == ("model", "model_not_found", 400)
    assert all(f"'{name}'" in error.message for name in small.names())


@pytest.mark.parametrize(("prompt", "word"), [("", "too short"), ("x" * 32_001, "too long"), (" \n\u3000", "white")])
def test_an_unusable_prompt_is_refused(prompt: str, word: str) -> None:
    """An empty, blank or overlong prompt is an invalid value."""
    error = _error_of(Catalog.load(), prompt=prompt)
    assert isinstance(error, InvalidValue)
    assert error.param == "prompt"
    assert word in error.message


def test_a_missing_prompt_is_refused() -> None:
    """A request without a prompt lacks a required parameter."""

    class Bare:
        prompt = model = seconds = size = None

    with pytest.raises(MissingParameter, match=r"^Missing required parameter: 'prompt'\.$"):
        Catalog.load().resolve(Bare())  # type: ignore[arg-type]  # an untyped caller may pass it


def test_the_longest_prompt_is_accepted() -> None:
    """Exactly 32,000 characters are accepted, whatever their size in bytes."""
    prompt = "\N{CINEMA}" * 32_000
    assert Catalog.load().resolve(CreateParams(prompt=prompt)).prompt == prompt


def test_the_limits_of_a_dialect_apply() -> None:
    """A dialect's narrower limits apply, and the error texts give them."""
    limits = DialectLimits(seconds=(10, 15), sizes=(Size(1280, 720),), prompt_characters=999)
    catalog = Catalog.load()
    assert _error_of(catalog, limits, seconds="4").message.endswith("are: '10' and '15'.")
    assert _error_of(catalog, limits, seconds="10", size="720x1280").message.endswith("are: '1280x720'.")
    assert "maximum length 999" in _error_of(catalog, limits, prompt="x" * 1000).message


def test_a_file_overrides_single_keys(tmp_path: Path) -> None:
    """A file changes only the keys and models that it names, and models that are like them."""
    catalog = Catalog.load(_overlay(tmp_path, '[models.sora-2]\nprice = { default = 100000 }\nengine = "gpu"\n'))
    changed = catalog.get("sora-2")
    assert changed is not None
    assert changed.price == {"default": 100_000}
    assert changed.seconds == (4, 8, 10, 12, 15, 16, 20)
    like = catalog.get("sora-2-2025-12-08")
    assert like is not None
    assert (like.engine, like.created) == ("gpu", 1765152000)
    untouched = catalog.get("sora-2-pro")
    assert untouched is not None
    assert untouched.engine == "scene"


def test_another_engine_does_not_inherit_the_description(tmp_path: Path) -> None:
    """A model with another engine does not keep the old engine's description."""
    catalog = Catalog.load(_overlay(tmp_path, '[models.sora-2]\nengine = "gpu"\n'))
    model = catalog.get("sora-2")
    assert model is not None
    assert model.description == ""


def test_the_last_file_takes_precedence(tmp_path: Path) -> None:
    """Of several files, the last one takes precedence."""
    files = [_overlay(tmp_path, f"[models.sora-2]\ncreated = {number}\n", f"{number}.toml") for number in (1, 2)]
    model = Catalog.load(*files).get("sora-2")
    assert model is not None
    assert model.created == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models = 3", "'models'"),
        ("[model.x]", "'model'"),
        ("[models]\nx = 3", "model 'x'"),
        ("[models.x", "not valid TOML"),
        ('[models.x]\nengine = "scene"', "'x': 'created' is missing"),
        ('[models.x]\nlike = "y"', "model 'x': 'like' names 'y'"),
        ('[models.x]\nlike = "z"\n[models.z]\nlike = "x"', "in a circle"),
        ("[models.sora-2]\nsecond = 3", "model 'sora-2'"),
        ('[models.sora-2]\nseconds = ["four"]', "$.seconds"),
        ("[models.sora-2]\nseconds = []", "$.seconds"),
        ('[models.sora-2]\nsizes = ["720p"]', "'sizes' can't be '720p'"),
        ('[models.sora-2]\nsizes = ["721x1280"]', "even numbers"),
        ('[models.sora-2]\ndefault_size = "64x64"', "'default_size' 64x64"),
        ("[models.sora-2]\ndefault_seconds = 7", "'default_seconds' 7"),
        ("[models.sora-2]\nprice = { default = -1 }", "$.price"),
        ('[models.sora-2]\nprice = { "1x1" = 1 }', "names '1x1'"),
        ('[models.sora-2]\nprice = { "720x1280" = 1 }', "none for 1280x720"),
    ],
)
def test_an_unusable_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names the model and the key."""
    with pytest.raises(SettingsError) as caught:
        Catalog.load(_overlay(tmp_path, text))
    assert message in caught.value.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the missing file."""
    with pytest.raises(SettingsError, match="absent"):
        Catalog.load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("name", "size", "seconds"),
    [
        ("sora_video2", "720x1280", 10),
        ("sora_video2-15s", "720x1280", 15),
        ("sora_video2-portrait", "720x1280", 10),
        ("sora_video2-portrait-15s", "720x1280", 15),
        ("sora_video2-landscape", "1280x720", 10),
        ("sora_video2-landscape-15s", "1280x720", 15),
        ("sora_video2-portrait-hd", "1024x1792", 10),
        ("sora_video2-portrait-hd-15s", "1024x1792", 15),
    ],
)
def test_resellers_names_have_frame_and_length(name: str, size: str, seconds: int) -> None:
    """One size and one length each, for chat programs too."""
    model = Catalog.load().get(name)
    assert model is not None
    assert ([str(each) for each in model.sizes], model.seconds, model.chat) == ([size], (seconds,), True)
