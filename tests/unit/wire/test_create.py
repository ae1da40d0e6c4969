"""Create requests: what each field accepts, and the contract's errors for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmgate.domain import EngineParameters, Fit
from filmgate.errors import RequestError, UnknownParameter
from filmgate.wire.create import FIELD_READERS, SEED_MAX, parse
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.objects import encode
from filmgate.wire.openai import render_error
from filmgate.wire.params import CreateParams, Fields, FileId, ImageUrl, Upload

UPLOAD = Upload(Path("staged"), 3, "00")
DATA_URL = "data:image/png;base64,iVBORw0KGgo="


def _rejection(**fields: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse({"prompt": "a dog"} | fields)
    return caught.value


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (from_json(b'{"prompt":"a dog","seconds":8}'), CreateParams(prompt="a dog", seconds="8")),
        (from_form([("prompt", "a dog"), ("seconds", "8")]), CreateParams(prompt="a dog", seconds="8")),
        (
            from_json(b'{"prompt":"a dog","input_reference":{"image_url":"https://h/x.png"},"size":"720x1280"}'),
            CreateParams(prompt="a dog", input_reference=ImageUrl("https://h/x.png"), size="720x1280"),
        ),
        (
            from_form([("prompt", "a dog"), ("input_reference[image_url]", DATA_URL), ("fit", "crop")]),
            CreateParams(prompt="a dog", input_reference=ImageUrl(DATA_URL), fit=Fit.CROP),
        ),
        (
            from_form([("prompt", "a dog"), ("input_reference", UPLOAD), ("model", "sora-2-pro")]),
            CreateParams(prompt="a dog", input_reference=UPLOAD, model="sora-2-pro"),
        ),
        (
            from_form([("prompt", "a dog"), ("characters[][id]", "char_a"), ("characters[][id]", "char_b")]),
            CreateParams(prompt="a dog", characters=("char_a", "char_b")),
        ),
        (
            from_json(b'{"prompt":"a dog","input_reference":{"file_id":"file-1","image_url":null},"model":null}'),
            CreateParams(prompt="a dog", input_reference=FileId("file-1")),
        ),
        (
            from_form([("prompt", "a dog"), ("seed", "0042"), ("metadata[id]", "7"), ("callback_url", "https://h/c")]),
            CreateParams(prompt="a dog", seed=42, metadata={"id": "7"}, callback_url="https://h/c"),
        ),
        (from_json(b'{"prompt":"a dog","seed":7.0}'), CreateParams(prompt="a dog", seed=7)),
        (from_json(b'{"prompt":"","seed":9223372036854775807}'), CreateParams(prompt="", seed=SEED_MAX)),
    ],
)
def test_the_encodings_of_real_clients_are_read(params: dict[str, Any], expected: CreateParams) -> None:
    """Each client's spelling of a request means the same."""
    assert parse(params) == expected


def test_the_contract_s_error_sentences() -> None:
    """Missing, unknown and mistyped parameters are rejected in exactly the contract's words."""
    with pytest.raises(RequestError) as caught:
        parse({"seconds": "4"})
    assert (caught.value.message, caught.value.param) == ("Missing required parameter: 'prompt'.", "prompt")
    assert caught.value.code == "missing_required_parameter"
    unknown = _rejection(duration=4)
    assert (unknown.message, unknown.code) == (
        "Unknown parameter: 'duration'. Use 'seconds' instead.",
        "unknown_parameter",
    )
    typed = _rejection(input_reference="data")
    assert typed.message == "Invalid type for 'input_reference': expected an object, but got a string instead."
    assert (typed.param, typed.code) == ("input_reference", "invalid_type")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("prompt", 3, "invalid_type"),
        ("prompt", UPLOAD, "invalid_type"),
        ("prompt", ["x"], "invalid_type"),
        ("model", {}, "invalid_type"),
        ("seconds", True, "invalid_type"),
        ("seconds", ["4"], "invalid_type"),
        ("size", 720, "invalid_type"),
        ("input_reference", 4, "invalid_type"),
        ("input_reference", ["x"], "invalid_type"),
        ("input_reference", {}, "invalid_value"),
        ("input_reference", {"image_url": DATA_URL, "file_id": "f"}, "invalid_value"),
        ("input_reference", {"url": DATA_URL}, "unknown_parameter"),
        ("input_reference", {"image_url": 3}, "invalid_type"),
        ("input_reference", {"image_url": {"url": DATA_URL}}, "invalid_type"),
        ("input_reference", {"image_url": "file:///etc/passwd"}, "invalid_value"),
        ("input_reference", {"image_url": "data:text/html,x"}, "invalid_value"),
        ("input_reference", {"image_url": "http://"}, "invalid_value"),
        ("input_reference", {"image_url": "http://[::1"}, "invalid_value"),
        ("input_reference", {"image_url": "http://h:99999/"}, "invalid_value"),
        ("input_reference", {"image_url": DATA_URL + "x" * 20_971_520}, "invalid_value"),
        ("input_reference", {"file_id": ""}, "invalid_value"),
        ("characters", "char_a", "invalid_type"),
        ("characters", ["char_a"], "invalid_type"),
        ("characters", [{}], "missing_required_parameter"),
        ("characters", [{"id": 3}], "invalid_type"),
        ("characters", [{"id": "a", "x": 1}], "unknown_parameter"),
        ("characters", [{"id": "a"}] * 3, "invalid_value"),
        ("seed", -1, "invalid_value"),
        ("seed", SEED_MAX + 1, "invalid_value"),
        ("seed", "9" * 400, "invalid_value"),
        ("seed", "１", "invalid_type"),
        ("seed", "-1", "invalid_value"),
        ("seed", True, "invalid_type"),
        ("seed", 1.5, "invalid_type"),
        ("seed", float("inf"), "invalid_type"),
        ("seed", 1e300, "invalid_value"),
        ("fit", "zoom", "invalid_value"),
        ("fit", 1, "invalid_type"),
        ("callback_url", "ftp://h/x", "invalid_value"),
        ("callback_url", "https://h/" + "x" * 2048, "invalid_value"),
        ("metadata", "x", "invalid_type"),
        ("metadata", {"k": 1}, "invalid_type"),
        ("metadata", {"": "v"}, "invalid_value"),
        ("metadata", {"k" * 65: "v"}, "invalid_value"),
        ("metadata", {"k": "v" * 513}, "invalid_value"),
        ("metadata", {str(number): "v" for number in range(17)}, "invalid_value"),
    ],
)
def test_invalid_values_are_rejected(field: str, value: object, code: str) -> None:
    """Each error names its field."""
    error = _rejection(**{field: value})
    assert error.code == code
    assert (error.param or "").startswith(field)
    assert len(error.message) < 400


def test_supported_fits_are_listed() -> None:
    """The error of an unknown fit lists the known ones."""
    assert _rejection(fit="zoom").message == "Invalid value: 'zoom'. Supported values are: 'error', 'crop', and 'pad'."


def test_null_counts_as_absent() -> None:
    """For the prompt too."""
    assert parse({"prompt": "a dog"} | dict.fromkeys(FIELD_READERS.keys() - {"prompt"})) == CreateParams(prompt="a dog")
    assert _rejection(prompt=None).code == "missing_required_parameter"


def test_a_dialect_may_require_more() -> None:
    """The error names the missing field."""
    with pytest.raises(RequestError, match="'model'"):
        parse({"prompt": "a dog"}, required=("prompt", "model"))


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["http://[", "https://h/x", DATA_URL, UPLOAD]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "image_url", "file_id", "k"]) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(FIELD_READERS)) | st.text(st.characters(), max_size=6), ANY, max_size=6))
def test_any_fields_are_parsed_or_rejected(fields: dict[str, Any]) -> None:
    """No fields raise anything but a request error, and each of those can be rendered."""
    try:
        parse(fields)
    except RequestError as error:
        encode(render_error(error).body)


GIVEN = EngineParameters(
    fps=24, num_frames=97, num_inference_steps=30, guidance_scale=7.5, negative_prompt="rain", user="u-1"
)


@pytest.mark.parametrize(
    "fields",
    [
        from_json(
            b'{"prompt":"a dog","fps":24,"num_frames":"97","num_inference_steps":30.0,"guidance_scale":7.5,'
            b'"negative_prompt":"rain","user":"u-1"}'
        ),
        from_form(
            [("prompt", "a dog"), *((name, str(value)) for name, value in GIVEN.given.items()), ("seed", "")],
        ),
    ],
)
def test_engine_parameters_mean_the_same_in_every_encoding(fields: Fields) -> None:
    """Numbers or their texts."""
    assert parse(fields) == CreateParams(prompt="a dog", parameters=GIVEN)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("fps", 0, "invalid_value"),
        ("fps", 23.976, "invalid_type"),
        ("num_inference_steps", 1_001, "invalid_value"),
        ("guidance_scale", "high", "invalid_type"),
        ("guidance_scale", True, "invalid_type"),
        ("guidance_scale", "1e400", "invalid_type"),
        ("guidance_scale", -0.1, "invalid_value"),
        ("negative_prompt", "x" * 32_001, "invalid_value"),
        ("user", 7, "invalid_type"),
    ],
)
def test_an_engine_parameter_out_of_range_is_named(name: str, value: object, code: str) -> None:
    """Before any model is asked."""
    with pytest.raises(RequestError) as caught:
        parse({"prompt": "a dog", name: value})  # type: ignore[dict-item]  # a wrong type on purpose
    assert (caught.value.param, caught.value.code) == (name, code)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("steps", "num_inference_steps"), ("cfgScale", "guidance_scale"), ("negativePrompt", "negative_prompt")],
)
def test_other_names_of_engine_parameters_are_known(wrong: str, right: str) -> None:
    """The error says which one is meant."""
    with pytest.raises(UnknownParameter, match=f"Use '{right}' instead"):
        parse({"prompt": "a dog", wrong: 1})
