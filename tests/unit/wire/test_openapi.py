"""The OpenAPI document: valid, complete, and consistent with the code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from filmgate import errors
from filmgate.config.catalog import Catalog
from filmgate.domain import PARAMETER_RANGES, ParameterRange
from filmgate.wire.create import FIELD_READERS
from filmgate.wire.openapi_accounts import document

CATALOG = Catalog.load()
DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(CATALOG.models(), "1.2.3")))


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]},
    )


def test_every_endpoint_is_described() -> None:
    """The document describes exactly the served endpoints."""
    assert {(path, method) for path, method, _ in _operations()} == {
        ("/v1/videos", "get"),
        ("/v1/videos", "post"),
        ("/v1/videos/{id}", "get"),
        ("/v1/videos/{id}", "delete"),
        ("/v1/videos/{id}/content", "get"),
        ("/v1/videos/{id}/content", "head"),
        ("/v1/videos/{id}/cancel", "post"),
        ("/v1/videos/{id}/events", "get"),
        ("/v1/videos/{id}/remix", "post"),
        ("/v1/videos/edits", "post"),
        ("/v1/videos/extensions", "post"),
        ("/v1/videos/characters", "post"),
        ("/v1/videos/characters/{id}", "get"),
        ("/v1/videos/characters/{id}", "delete"),
        ("/v1/chat/completions", "post"),
        ("/v1/files", "get"),
        ("/v1/files", "post"),
        ("/v1/files/{id}", "get"),
        ("/v1/files/{id}", "delete"),
        ("/v1/files/{id}/content", "get"),
        ("/v1/models", "get"),
        ("/v1/models/{id}", "get"),
        ("/v1/webhook_endpoints", "get"),
        ("/v1/webhook_endpoints", "post"),
        ("/v1/webhook_endpoints/{id}", "get"),
        ("/v1/webhook_endpoints/{id}", "post"),
        ("/v1/webhook_endpoints/{id}", "delete"),
        ("/v1/webhook_endpoints/{id}/rotate_secret", "post"),
        ("/v1/webhook_endpoints/{id}/test", "post"),
        ("/v1/webhook_event_types", "get"),
        ("/v1/usage", "get"),
        ("/healthz", "get"),
        ("/openapi.json", "get"),
    }


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_schemas_are_valid(name: str) -> None:
    """Every schema is a valid JSON schema, and every reference in it resolves."""
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])
    list(_validator(name).iter_errors({}))


def test_references_resolve() -> None:
    """No reference of the document is broken."""
    text = json.dumps(DOCUMENT)
    for piece in text.split('"$ref": "#/')[1:]:
        node: Any = DOCUMENT
        for key in piece.split('"')[0].split("/"):
            node = node[key]
        assert node


def test_operations_have_unique_ids() -> None:
    """Every operation has an id, and links refer to one."""
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(names) == len(set(names))
    links = DOCUMENT["paths"]["/v1/videos"]["post"]["responses"]["200"]["links"]
    assert {link["operationId"] for link in links.values()} <= set(names)


def test_protected_operations_list_401() -> None:
    """Every operation that needs a key has a 401 response."""
    for _, _, operation in _operations():
        assert ("401" in operation["responses"]) == (operation.get("security") != [])


def test_create_fields_match_the_readers() -> None:
    """The schema has exactly the fields that are parsed."""
    for body in DOCUMENT["components"]["schemas"]["CreateVideo"]["anyOf"]:
        assert body["properties"].keys() == FIELD_READERS.keys() - PARAMETER_RANGES.keys() | {"user"}


def test_create_fields_are_those_of_the_model() -> None:
    """A parameter that a model's engines don't take is not described for it."""
    steps = ParameterRange("integer", 1, 50)
    described = document(
        CATALOG.models(), "1.2.3", lambda model: {"num_inference_steps": steps} if model == "sora-2" else {}
    )
    schema = {"anyOf": described["components"]["schemas"]["CreateVideo"]["anyOf"]}
    validator = Draft202012Validator(schema | {"components": described["components"]})
    assert validator.is_valid({"prompt": "a dog", "num_inference_steps": 50})
    assert not validator.is_valid({"prompt": "a dog", "num_inference_steps": 51})
    assert not validator.is_valid({"prompt": "a dog", "model": "sora-2-pro", "num_inference_steps": 50})


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"prompt": "a dog"}, True),
        ({"prompt": "a dog", "seconds": 8, "size": "1280x720", "model": "sora-2"}, True),
        ({"prompt": "a dog", "model": "sora-2-pro", "size": "1920x1080"}, True),
        ({"prompt": "a dog", "model": "sora-2", "size": "1920x1080"}, False),
        ({"prompt": "a dog", "model": None, "size": "1920x1080"}, False),
        ({"prompt": "a dog", "size": "1920x1080"}, False),
        ({"prompt": "a dog", "model": "sora-9"}, False),
        ({"prompt": "a dog", "seconds": "5"}, False),
        ({"prompt": "a dog", "seed": "0042", "fit": "pad", "metadata": {"id": "7"}}, True),
        ({"prompt": "a dog", "seconds": "", "size": None, "metadata": "", "callback_url": "", "characters": ""}, True),
        ({"prompt": "a dog", "metadata": {"k": None}}, True),
        ({"prompt": "a dog", "input_reference": {"file_id": f"file-{'0' * 32}"}}, True),
        ({"prompt": "a dog", "input_reference": {}}, False),
        ({"prompt": "", "seed": ""}, False),
        ({"prompt": "a dog", "seed": -1}, False),
        ({"prompt": " \n"}, False),
        ({"prompt": "x" * 32_001}, False),
        ({"prompt": "a dog", "duration": 4}, False),
        ({"seconds": "4"}, False),
    ],
)
def test_the_create_schema_matches_the_server(body: dict[str, object], *, valid: bool) -> None:
    """The schema accepts what the server accepts."""
    assert _validator("CreateVideo").is_valid(body) == valid


def test_error_codes_come_from_the_tree() -> None:
    """A status lists exactly the codes of its error classes."""
    schema = DOCUMENT["paths"]["/v1/videos/{id}/content"]["get"]["responses"]["404"]["content"]["application/json"]
    codes = schema["schema"]["allOf"][1]["properties"]["error"]["properties"]["code"]["enum"]
    kinds = (errors.VideoNotFound, errors.VideoNotReady, errors.VideoExpired, errors.UnknownUrl)
    assert set(codes) == {kind.code for kind in kinds}
