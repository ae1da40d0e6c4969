"""One value in all its spellings means the same; "not given" has one meaning; the first error is the one to correct."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from filmgate.errors import InvalidValue, RequestError
from filmgate.wire import revision, webhook
from filmgate.wire.apiyi import APIYI
from filmgate.wire.create import FIELD_READERS, parse
from filmgate.wire.fields import from_form, from_json
from filmgate.wire.hints import OTHER_NAMES
from filmgate.wire.params import CreateParams, Fields, FieldValue, FileId, ImageUrl, Unreadable, Upload, VideoId

UPLOAD = Upload(Path("staged"), 3, "00")
URL = "https://h/x.png"


def _json(**fields: object) -> Fields:
    return from_json(json.dumps(fields).encode())


def _form(text: str) -> Fields:
    """A form as an urlencoded body or as multipart has it: ``name=value&name=value``."""
    return from_form(parse_qsl(text, keep_blank_values=True))


def _create(fields: Fields) -> CreateParams:
    return parse({"prompt": "a dog"} | dict(fields))


def _error(fields: Fields) -> tuple[str, str | None]:
    with pytest.raises(RequestError) as caught:
        _create(fields)
    return caught.value.message, caught.value.param


TWO = CreateParams(prompt="a dog", characters=("char_a", "char_b"))
NOTED = CreateParams(prompt="a dog", metadata={"id": "7", "k l": ""})
REFERENCE = CreateParams(prompt="a dog", input_reference=ImageUrl(URL))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (_json(characters=[{"id": "char_a"}, {"id": "char_b"}]), TWO),
        (_form("characters[][id]=char_a&characters[][id]=char_b"), TWO),  # OpenAI's SDKs, Rails
        (_form("characters[0][id]=char_a&characters[1][id]=char_b"), TWO),  # PHP, jQuery, axios
        (_form("characters[1][id]=char_b&characters[0][id]=char_a"), TWO),
        (_form("characters[0].id=char_a&characters[1].id=char_b"), TWO),  # .NET
        (_form("characters.0.id=char_a&characters.1.id=char_b"), TWO),  # axios with dots
        (_form('characters=[{"id":"char_a"},{"id":"char_b"}]'), TWO),  # curl, async-openai
        (_form('characters{}=[{"id":"char_a"},{"id":"char_b"}]'), TWO),  # axios
        (_form('characters[]={"id":"char_a"}&characters[]={"id":"char_b"}'), TWO),
        (_form('characters[0]={"id":"char_a"}&characters[1]={"id":"char_b"}'), TWO),
        (_form("characters[][id]=char_a&characters[][id]=&characters[][id]=char_b"), TWO),
        (_json(metadata={"id": "7", "k l": "", "none": None}), NOTED),
        (_form("metadata[id]=7&metadata[k l]="), NOTED),
        (_form("metadata.id=7&metadata.k l="), NOTED),
        (_form('metadata= \n{"id": "7", "k l": ""}'), NOTED),
        (_form('metadata{}={"id":"7","k l":""}'), NOTED),
        (_json(metadata={"0": "x"}), CreateParams(prompt="a dog", metadata={"0": "x"})),
        (_form("metadata[0]=x"), CreateParams(prompt="a dog", metadata={"0": "x"})),
        (_json(input_reference={"image_url": URL, "file_id": ""}), REFERENCE),
        (_form(f"input_reference[image_url]={URL}"), REFERENCE),
        (_form(f"input_reference.image_url={URL}"), REFERENCE),
        (_form(f"input_reference[image_url]={URL}&input_reference[file_id]="), REFERENCE),
        (_form(f'input_reference={{"image_url":"{URL}"}}'), REFERENCE),
        (_form(f'input_reference[]={{"image_url":"{URL}"}}'), REFERENCE),
        (_form(f"input_reference[0][image_url]={URL}"), REFERENCE),
        (_form('input_reference={"file_id":"file-1"}'), CreateParams(prompt="a dog", input_reference=FileId("file-1"))),
        (from_form([("input_reference[]", UPLOAD)]), CreateParams(prompt="a dog", input_reference=UPLOAD)),
        (from_form([("input_reference[0]", UPLOAD)]), CreateParams(prompt="a dog", input_reference=UPLOAD)),
        (from_form([("input_reference[]", UPLOAD), ("input_reference[]", "")]), _create({"input_reference": UPLOAD})),
    ],
)
def test_every_spelling_of_an_object_or_array_means_the_same(fields: Fields, expected: CreateParams) -> None:
    """JSON, brackets of every library, dots, JSON text in a form, a list of one file."""
    assert _create(fields) == expected


@pytest.mark.parametrize("value", ["8", 8, 8.0, "8.0", " 8 ", "08", "8.000"])
def test_eight_is_eight(value: object) -> None:
    """Wherever a number is read, in JSON and in a form."""
    for fields in (_json(seconds=value, seed=value), from_form([("seconds", str(value)), ("seed", str(value))])):
        assert _create(fields) == CreateParams(prompt="a dog", seconds="8", seed=8)
        revised = revision.parse_extension({"prompt": "On", "video": {"id": "v"}, "seconds": fields["seconds"]})
        assert revised.seconds == 8


@pytest.mark.parametrize("value", [8.5, "8.5", "eight", "8s", "8.", "1e1", "８"])
def test_what_is_no_whole_number_reaches_the_list_of_lengths(value: str | float) -> None:
    """The catalogue, or the extension, names the valid ones; a seed has a type."""
    assert _create(_json(seconds=value)).seconds == str(value)
    with pytest.raises(InvalidValue, match="'4', '8', '12', '16', and '20'"):
        revision.parse_extension({"prompt": "On", "video": {"id": "v"}, "seconds": value})
    assert _error(_json(seed=value))[0].startswith("Invalid type for 'seed': expected an integer")


def test_a_dialect_may_accept_texts_only() -> None:
    """The apiyi dialect rejects numbers in JSON, after names and required fields."""
    given: dict[str, FieldValue] = {"prompt": "x", "model": "sora-2"}
    assert APIYI.parse_create(given | {"seconds": "8"}).seconds == "8"
    assert APIYI.parse_create(given | {"seconds": ""}).seconds is None
    mistakes: list[tuple[Fields, str]] = [
        (given | {"seconds": 8}, "Invalid type for 'seconds': expected a string, but got an integer instead."),
        (given | {"seconds": 8, "image": "x"}, "Unknown parameter: 'image'. Use 'input_reference' instead."),
        ({"prompt": "x", "seconds": 8}, "Missing required parameter: 'model'."),
    ]
    for fields, message in mistakes:
        with pytest.raises(RequestError) as caught:
            APIYI.parse_create(fields)
        assert caught.value.message == message


def test_empty_is_not_given() -> None:
    """A null, an empty text and an empty file input, in JSON and in forms; an object of a form without a filled key."""
    optional = sorted(FIELD_READERS.keys() - {"prompt"})
    assert _create(dict.fromkeys(optional)) == CreateParams(prompt="a dog")
    assert _create(_json(**dict.fromkeys(optional, ""))) == CreateParams(prompt="a dog")
    assert _create(_form("&".join(f"{name}=" for name in optional))) == CreateParams(prompt="a dog")
    empty = "input_reference[image_url]=&input_reference[file_id]=&characters[0][id]=&characters[1][id]="
    assert _create(_form(empty)) == CreateParams(prompt="a dog")
    assert _create(_form("input_reference[]=&characters[]=")) == CreateParams(prompt="a dog")


@pytest.mark.parametrize("fields", [{"prompt": "x", "video": ""}, {"prompt": "x", "video": None}, {"prompt": "x"}])
def test_an_empty_required_field_is_missing(fields: Fields) -> None:
    """Its name is the error."""
    for given in (fields, _form("prompt=x&video[id]=")):
        with pytest.raises(RequestError, match="Missing required parameter: 'video'"):
            revision.parse_edit(given)


def test_an_empty_prompt_or_name_is_a_mistake_of_its_own() -> None:
    """The catalogue tells that a prompt is empty."""
    assert parse({"prompt": ""}).prompt == ""
    with pytest.raises(InvalidValue, match="1 to 80"):
        revision.parse_character({"name": "", "video": UPLOAD})


def test_videos_and_webhooks_have_the_same_spellings() -> None:
    """Every request body is read by the same readers."""
    for text in ("video[id]=v", "video.id=v", 'video={"id":"v"}', 'video{}={"id":"v"}', 'video[]={"id":"v"}'):
        assert revision.parse_edit(_form(f"prompt=x&{text}")).video == VideoId("v")
    assert revision.parse_character(from_form([("name", "x"), ("video[]", UPLOAD)])).video == UPLOAD
    types = ("video.completed", "video.failed")
    for text in (
        "event_types[]=video.completed&event_types[]=video.failed",
        "event_types[0]=video.completed&event_types[1]=video.failed",
        'event_types=["video.completed","video.failed"]',
    ):
        assert webhook.parse_update(_form(f"{text}&name=n&url=")) == webhook.EndpointParams(name="n", event_types=types)
    keep = "keep_old_secret_active_for_24_hours"
    spelled = [webhook.parse_rotation(_form(f"{keep}={text}")) for text in ("true", "True", "1", "on")]
    assert spelled == [webhook.parse_rotation({keep: True})] * 4
    assert [webhook.parse_rotation(_form(f"{keep}={text}")) for text in ("false", "0", "off", "")] == [False] * 4


# ---- errors


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            _json(input_reference="x"),
            "Invalid type for 'input_reference': expected an object, but got a string instead.",
        ),
        (
            _json(input_reference=3),
            "Invalid type for 'input_reference': expected an object, but got an integer instead.",
        ),
        (_form("input_reference=x"), "Invalid type for 'input_reference': expected a file, but got a string instead."),
        (_json(metadata='{"k":"v"}'), "Invalid type for 'metadata': expected an object, but got a string instead."),
        (
            _json(characters={"0": {"id": "a"}}),
            "Invalid type for 'characters': expected an array, but got an object instead.",
        ),
        (_form("characters[id]=a"), "Invalid type for 'characters': expected an array, but got the key 'id' instead."),
        (
            _form("characters[0][id]=a&characters[2][id]=b"),
            "Invalid 'characters': the form has 2 elements, but no 'characters[1]'.",
        ),
        (_form("characters[00][id]=a"), "Invalid 'characters': the form has 1 elements, but no 'characters[0]'."),
        (_form("characters[9999999][id]=a"), "Invalid 'characters': the form has 1 elements, but no 'characters[0]'."),
        (
            _form("characters[0][id]=a&characters[][id]=b"),
            "The form gives 'characters' in two notations, the second as 'characters[][id]'.",
        ),
        (
            _form('metadata={"a":"b"}&metadata[c]=d'),
            "The form gives 'metadata' in two notations, the second as 'metadata[c]'.",
        ),
        (_form("size=a&size=b"), "The form holds 'size' twice."),
        (
            _form("metadata={"),
            (
                "We could not parse the JSON of 'metadata': Expecting property name enclosed in double quotes "
                "at line 1, column 2."
            ),
        ),
        (_form('metadata={"a":"b","a":"c"}'), "We could not parse the JSON of 'metadata': 'a' appears twice."),
        (_form('metadata={"a":NaN}'), "We could not parse the JSON of 'metadata': NaN is no JSON."),
        (_form('metadata={"a":"\\u0000"}'), "Invalid value for 'metadata': it holds a NUL character."),
        (
            _form("metadata=" + "[" * 100),
            "We could not parse the JSON of 'metadata': Expecting value at line 1, column 101.",
        ),
        (
            _form('metadata={"a":' + "[" * 100 + "]" * 100 + "}"),
            "We could not parse the JSON of 'metadata': it is nested too deeply.",
        ),
        (
            from_form([("input_reference[]", UPLOAD)] * 2),
            "Invalid 'input_reference': expected one value, but the form has 2.",
        ),
        (from_form([("input_reference", UPLOAD)] * 2), "The form holds 'input_reference' twice."),
        (_form("input_reference[url]=x"), "Unknown parameter: 'input_reference.url'. Use 'image_url' instead."),
    ],
)
def test_each_mistake_of_a_spelling_has_its_sentence(fields: Fields, message: str) -> None:
    """It names the field as the client wrote it."""
    said, param = _error(fields)
    assert said == message
    assert message.split("'")[1].startswith(param or "none") or f"'{param}" in message


@pytest.mark.parametrize("name", ["image", "image[]", "images", "images[]", "first_frame", "reference_image", "file"])
def test_a_file_under_another_name_is_an_unknown_parameter(name: str) -> None:
    """Whatever its bytes look like as a text, and however often it is there."""
    unreadable = Unreadable(InvalidValue("too long", param=name))
    forms: list[list[tuple[str, str | Upload | Unreadable]]] = [
        [(name, UPLOAD)],
        [(name, "\x00")],
        [(name, unreadable)],
        [(name, "a"), (name, UPLOAD)],
    ]
    for parts in forms:
        head = name.removesuffix("[]")
        assert _error(from_form(parts)) == (f"Unknown parameter: '{head}'. Use 'input_reference' instead.", head)


def test_the_first_error_is_the_one_to_correct() -> None:
    """An unknown name, then an unknown key, a missing field, a type, a value: in whichever order the fields come."""
    everything: dict[str, Any] = {
        "fit": "zoom",
        "metadata": {"k": "v" * 513},
        "seed": "x",
        "size": 5,
        "characters": [{}],
        "input_reference": {"url": "u"},
        "imageUrl": "x",
    }
    expected = ["imageUrl", "input_reference.url", "prompt", "characters[0].id", "size", "seed", "fit", "metadata.k"]
    for order in (list(everything), list(reversed(everything))):
        fields = {name: everything[name] for name in order}
        told: list[str] = []
        while len(told) < len(expected):
            with pytest.raises(RequestError) as caught:
                parse(fields)
            told.append(str(caught.value.param))
            fields.pop(told[-1].split(".")[0].split("[")[0], None)
            if told[-1] == "prompt":
                fields["prompt"] = "a dog"
        assert told == expected


def test_other_names_are_hints_only() -> None:
    """Each name of another API leads to a parameter, and never stands for it; so does another case."""
    for right, others in OTHER_NAMES.items():
        for other in others:
            assert right not in FIELD_READERS or "Use '" in _error({other: "x"})[0]
    assert _error({"callbackUrl": "x"})[0] == "Unknown parameter: 'callbackUrl'. Use 'callback_url' instead."
    assert _error({"Prompt": "x"})[0] == "Unknown parameter: 'Prompt'. Use 'prompt' instead."
    assert _error({"banana": "x"})[0] == "Unknown parameter: 'banana'."
    with pytest.raises(RequestError, match=r"'duration'\.$"):
        revision.parse_remix({"prompt": "x", "duration": 4}, "video_a")
