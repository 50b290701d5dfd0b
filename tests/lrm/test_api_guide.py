"""The guide to the API says what is so: addresses, filters and answers are the description's."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from openapi_schema_validator import OAS30Validator

from lrm.rest import schema
from tests.support import processes

GUIDE = (processes.ROOT / "docs" / "api.md").read_text()
_BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.M | re.S)
# Each command, and the answer that follows it where one does.
EXAMPLES = [
    (text, _BLOCKS[place + 1][1] if _BLOCKS[place + 1 : place + 2] else "")
    for place, (kind, text) in enumerate(_BLOCKS)
    if not kind
]


def operation_of(command: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the description says of a command, and the filters that the command has."""
    method = "post" if "-X POST" in command else "get"
    found = re.search(r'"\$LRM(/[^"]+)"', command)
    assert found is not None
    address = urlsplit(found[1])
    described: dict[str, Any] = schema.described()["paths"][address.path][method]
    return described, dict(parse_qsl(address.query, strict_parsing=bool(address.query)))


def schema_of(operation: dict[str, Any], status: str) -> dict[str, Any]:
    ((_, content),) = operation["responses"][status]["content"].items()
    return {**content["schema"], "components": schema.described()["components"]}


def test_guide_has_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize(("command", "answer"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_example_is_as_the_description_says(command: str, answer: str) -> None:
    operation, filters = operation_of(command)
    parameters = {one["name"]: one for one in operation.get("parameters", [])}

    assert filters.keys() <= parameters.keys()
    if sent := re.search(r"-d '([^']+)'", command):
        ((_, content), *_) = operation["requestBody"]["content"].items()
        wanted = {**content["schema"], "components": schema.described()["components"]}
        OAS30Validator(wanted).validate(json.loads(sent[1]))
    if not answer.startswith("{"):
        return
    said = json.loads(answer)
    status = str(said["status"]) if "type" in said else "200"
    checked = OAS30Validator(schema_of(operation, status))
    assert [error.message for error in checked.iter_errors(said)] == []
    if status == "200":
        assert said.keys() == properties_of(schema_of(operation, status)).keys()


def properties_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the members of an answer."""
    name = given["$ref"].rpartition("/")[2]
    found: dict[str, Any] = schema.described()["components"]["schemas"][name]["properties"]
    return found
