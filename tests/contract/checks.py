"""What tests ask of an answer: that it agrees with the contract, and with the whole specification.

Our extract is always here. Where Xero's specification is here too, the same value is held
against its own schemas by another validator: a second opinion on the extract and on our reading
of it. Where it is not, that half of a check does nothing, so that no test is ever skipped.
"""

from typing import Any

import jsonschema
import openapi_schema_validator
import referencing
import referencing.jsonschema

from tests.contract import extract, specification, validation


def check_answer(collection: str, answer: Any) -> None:
    """Assert that an answer of the accounting interface is in order, envelope and all."""
    assert validation.faults_of_answer(extract.interface("accounting"), collection, answer) == []
    assert answer[collection], "an empty answer proves nothing"
    inner = {name: one for name, one in answer.items() if name not in validation.ENVELOPE}
    ask_the_specification("accounting", collection, inner)


def check_value(interface: str, schema: str, value: Any, *, is_sent: bool = False) -> None:
    """Assert that a value is in order as one of a schema."""
    faults = validation.faults_of(extract.interface(interface), schema, value, is_sent=is_sent)
    assert faults == []
    ask_the_specification(interface, schema, value)


def ask_the_specification(interface: str, schema: str, value: Any) -> None:
    """Hold a value against the schema of the whole specification, where that is here.

    :raises jsonschema.ValidationError: the first thing wrong, with its path.
    """
    if specification.is_here():
        hold_against(specification.documents()[interface], schema, value)


def hold_against(document: dict[str, Any], schema: str, value: Any) -> None:
    """Hold a value against a schema of an OpenAPI document, in the dialect of its version.

    :raises jsonschema.ValidationError: the first thing wrong, with its path.
    """
    if document["openapi"].startswith("3.0"):
        kind, dialect = openapi_schema_validator.OAS30Validator, referencing.jsonschema.DRAFT4
    else:
        kind, dialect = openapi_schema_validator.OAS31Validator, referencing.jsonschema.DRAFT202012
    resource = dialect.create_resource(document)
    validator = kind(
        {"$ref": f"urn:xero#/components/schemas/{schema}"},
        registry=referencing.Registry().with_resource("urn:xero", resource),
        format_checker=jsonschema.FormatChecker(["uuid"]),
    )
    validator.validate(value)
