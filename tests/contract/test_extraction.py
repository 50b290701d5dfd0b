"""How an extract is drawn of a specification: a small one of ours, with all that Xero's uses."""

import json
from typing import Any

import jsonschema
import pytest

from tests.contract import checks, extraction

MADE_UP: dict[str, Any] = {
    "openapi": "3.0.0",
    "info": {"version": "1.2.3", "description": "Prose stays behind."},
    "servers": [{"url": "https://things.example/api"}],
    "paths": {
        "/Things": {
            "parameters": [{"$ref": "#/components/parameters/tenant"}],
            "get": {
                "summary": "Prose stays behind.",
                "parameters": [
                    {
                        "in": "query",
                        "name": "IDs",
                        "schema": {"type": "array", "items": {"type": "string", "format": "uuid"}},
                    }
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Things"},
                                "example": {"Things": [{"Name": "Examples stay behind."}]},
                            }
                        }
                    },
                    "204": {"description": "Nothing."},
                },
            },
            "put": {
                "requestBody": {"$ref": "#/components/requestBodies/things"},
                "responses": {"400": {"$ref": "#/components/responses/refused"}},
            },
        }
    },
    "components": {
        "headers": {"x-thing": {"description": "Prose stays behind."}},
        "parameters": {
            "tenant": {
                "in": "header",
                "name": "tenant-id",
                "required": True,
                "schema": {"type": "string"},
            }
        },
        "requestBodies": {
            "things": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Things"}}}
            }
        },
        "responses": {
            "refused": {
                "content": {
                    "application/json": {"schema": {"properties": {"Why": {"type": "string"}}}}
                }
            }
        },
        "schemas": {
            "Things": {
                "properties": {
                    "Things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                }
            },
            "Thing": {
                "required": ["ThingID"],
                "properties": {
                    "ThingID": {"type": "string", "format": "uuid"},
                    "Name": {"type": "string", "maxLength": 9, "example": "Stays behind."},
                    "On": {"type": "string", "x-is-msdate": True},
                    "At": {"type": "string", "x-is-msdate-time": True, "readOnly": True},
                    "Colour": {"$ref": "#/components/schemas/Colour"},
                    "Parts": {
                        "type": "array",
                        "readOnly": True,
                        "items": {"properties": {"Weight": {"type": "number"}}},
                    },
                    "Whole": {"$ref": "#/components/schemas/Thing"},
                },
            },
            "Colour": {"type": "string", "enum": ["RED", "BLUE"]},
            "Unreached": {"type": "string"},
            "Kind": {
                "oneOf": [{"const": "OLD", "description": "Prose."}, {"const": "NEW"}],
                "type": "string",
            },
            "Special": {
                "allOf": [
                    {"$ref": "#/components/schemas/Thing"},
                    {
                        "required": ["Name"],
                        "properties": {"Name": {"const": "BEST"}},
                    },
                ]
            },
        },
    },
}


def drawn(*schemas: str) -> dict[str, Any]:
    """Return the extract of the made-up interface."""
    return extraction.draw_interface(MADE_UP, ["GET /Things", "PUT /Things"], schemas)


def test_operation_becomes_its_parameters_request_and_responses() -> None:
    tenant = {"in": "header", "required": True, "type": "text"}

    assert drawn()["operations"] == {
        "GET /Things": {
            "parameters": {
                "tenant-id": tenant,
                "IDs": {"in": "query", "list": True, "type": "uuid"},
            },
            "responses": {"200": {"schema": "Things"}, "204": {}},
        },
        "PUT /Things": {
            "parameters": {"tenant-id": tenant},
            "request": {"schema": "Things"},
            "responses": {"400": {"schema": "PUT /Things 400"}},
        },
    }


def test_schema_becomes_its_members_with_all_that_it_reaches() -> None:
    assert drawn()["schemas"] == {
        "Things": {"members": {"Things": {"list": True, "schema": "Thing"}}},
        "Thing": {
            "members": {
                "ThingID": {"type": "uuid", "required": True},
                "Name": {"type": "text", "longest": 9},
                "On": {"type": "date"},
                "At": {"type": "instant", "read_only": True},
                "Colour": {"schema": "Colour"},
                "Parts": {"list": True, "read_only": True, "schema": "Thing.Parts"},
                "Whole": {"schema": "Thing"},
            }
        },
        "Thing.Parts": {"members": {"Weight": {"type": "number"}}},
        "Colour": {"type": "text", "values": ["BLUE", "RED"]},
        "PUT /Things 400": {"members": {"Why": {"type": "text"}}},
    }


def test_schema_put_together_from_others_has_the_members_of_all() -> None:
    special = drawn("Special", "Kind")["schemas"]

    assert special["Kind"] == {"type": "text", "values": ["NEW", "OLD"]}
    name = {"type": "text", "values": ["BEST"], "longest": 9, "required": True}
    assert special["Special"]["members"]["Name"] == name
    required = [name for name, one in special["Special"]["members"].items() if "required" in one]
    assert required == ["ThingID", "Name"]


def test_interface_says_what_it_was_drawn_from() -> None:
    found = drawn()

    assert (found["version"], found["address"]) == ("1.2.3", "https://things.example/api")
    assert found["headers"] == ["x-thing"]


def test_nothing_of_the_prose_or_the_examples_is_kept() -> None:
    text = extraction.write(drawn("Special", "Kind"))

    assert "behind" not in text
    assert "Prose" not in text


@pytest.mark.parametrize(
    ("operation", "schema", "node", "message"),
    [
        ("GET /Others", "Colour", {}, "There is no GET /Others"),
        ("GET /Things", "Missing", {}, "There is no schema Missing"),
        ("GET /Things", "Colour", {"type": "colour"}, "Colour is of the type colour"),
        ("GET /Things", "Colour", {"type": "object"}, "Colour is of the type object"),
        ("GET /Things", "Colour", {"type": "string", "oneOf": [{}]}, "one of several things"),
    ],
)
def test_what_is_not_understood_is_refused(
    operation: str, schema: str, node: dict[str, Any], message: str
) -> None:
    schemas = {**MADE_UP["components"]["schemas"], "Colour": node}
    document = {**MADE_UP, "components": {**MADE_UP["components"], "schemas": schemas}}

    with pytest.raises(extraction.NotUnderstood, match=message):
        extraction.draw_interface(document, [operation], [schema])


def test_writing_is_sorted_and_reads_back_as_it_was() -> None:
    again = {"b": {"one": 1, "list": ["y", "x"]}, "a": {"deep": {"values": ["z"] * 40}}}

    text = extraction.write(again)

    assert json.loads(text) == again
    assert text.index('"a"') < text.index('"b"')
    assert ' "b": {"list": ["y", "x"], "one": 1}' in text.splitlines()
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("version", ["3.0.0", "3.1.1"])
def test_second_opinion_finds_what_the_document_does_not_allow(version: str) -> None:
    document = {**MADE_UP, "openapi": version}
    thing = {"ThingID": "5eed0000-0000-4000-8000-000000000001", "Colour": "RED"}

    checks.hold_against(document, "Thing", thing)

    wrong: list[dict[str, Any]] = [{"Colour": "TELEPORTED"}, {"ThingID": "5eed"}, {"Whole": {}}]
    for different in wrong:
        with pytest.raises(jsonschema.ValidationError):
            checks.hold_against(document, "Thing", thing | different)
