"""Every answer against the schemas of Xero's official OpenAPI specification.

Besides what the schemas say, no answer may hold a field that they do not know: a name misspelt
here would teach a client something that the real service never sends.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import openapi_schema_validator
import pytest
import referencing
import referencing.jsonschema
import yaml

from tests.support import simulator_process
from tests.support.simulator_process import Person

FOLDER = Path(
    os.environ.get("XERO_OPENAPI_DIR")
    or Path(__file__).parents[3] / "shared" / "xero-openapi"
)  # fmt: skip
SPECIFICATION = FOLDER / "xero_accounting.yaml"
# Shown by the specification's own examples, but missing from its schemas.
UNDECLARED = {"ID", "DateString", "DueDateString"}
ENVELOPE = {"Id", "Status", "ProviderName", "DateTimeUTC"}
ANSWERS = (
    ("Organisation", {}, "Organisations"),
    *((kind, {}, kind) for kind in ("Invoices", "CreditNotes", "Overpayments", "Prepayments")),
    *(
        (kind, {"page": 1, "pageSize": 1000}, kind)
        for kind in ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Payments")
    ),
    ("Invoices", {"summaryOnly": "true", "page": 1}, "Invoices"),
    ("Contacts", {}, "Contacts"),
    ("Contacts", {"page": 1, "pageSize": 1000, "includeArchived": "true"}, "Contacts"),
    ("Contacts", {"summaryOnly": "true", "page": 1}, "Contacts"),
)


class _Loader(yaml.CSafeLoader):
    """Reads the examples as the JSON they stand for: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    if not SPECIFICATION.exists():
        pytest.skip("Xero's OpenAPI specification is not here: set XERO_OPENAPI_DIR to its folder.")
    text = SPECIFICATION.read_bytes()
    loaded: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader.
    return loaded


@pytest.fixture(scope="module")
def schemas(specification: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = specification["components"]["schemas"]
    return found


def validate(specification: dict[str, Any], name: str, value: Any) -> None:
    """Check a value against a named schema; the first thing wrong is told with its path."""
    resource = referencing.jsonschema.DRAFT4.create_resource(specification)
    validator = openapi_schema_validator.OAS30Validator(
        {"$ref": f"urn:xero#/components/schemas/{name}"},
        registry=referencing.Registry().with_resource("urn:xero", resource),
        format_checker=jsonschema.FormatChecker(["uuid"]),
    )
    validator.validate(value)


def unknown_fields(
    schemas: dict[str, Any], schema: dict[str, Any], value: Any, path: str
) -> Iterator[str]:
    """Yield the paths of fields that the schema does not name."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        for each in value:
            yield from unknown_fields(schemas, schema.get("items", {}), each, path)
    elif isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                below = schema["properties"][name]
                yield from unknown_fields(schemas, below, inner, f"{path}.{name}")
            elif name not in UNDECLARED:
                yield f"{path}.{name}"


def check(specification: dict[str, Any], collection: str, answer: dict[str, Any]) -> None:
    schemas = specification["components"]["schemas"]
    inner = {name: value for name, value in answer.items() if name not in ENVELOPE}
    assert set(answer) - set(inner) == ENVELOPE
    assert answer[collection]

    validate(specification, collection, inner)
    assert set(unknown_fields(schemas, schemas[collection], inner, collection)) == set()


@pytest.mark.timeout(60)  # The specification alone takes seconds to read.
@pytest.mark.parametrize(("path", "query", "collection"), ANSWERS)
def test_list_agrees_with_the_specification(
    specification: dict[str, Any],
    person: Person,
    path: str,
    query: dict[str, Any],
    collection: str,
) -> None:
    answer = person.get(path, **query).json()

    check(specification, collection, answer)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "kind", ["Invoices", "CreditNotes", "Overpayments", "Prepayments", "Contacts", "Payments"]
)
def test_single_answer_agrees_with_the_specification(
    specification: dict[str, Any], person: Person, kind: str
) -> None:
    listed = person.get(kind, page=1, pageSize=5).json()[kind]
    ids = [each[f"{kind[:-1]}ID"] for each in listed]

    for each in ids:
        check(specification, kind, person.get(f"{kind}/{each}").json())


@pytest.mark.timeout(60)
def test_online_invoice_and_allocations_agree_with_the_specification(
    specification: dict[str, Any], person: Person
) -> None:
    invoices = person.get("Invoices", where='Type=="ACCREC" AND Status=="AUTHORISED"').json()
    notes = person.get("CreditNotes", page=1, pageSize=1000).json()["CreditNotes"]
    used = next(each for each in notes if each["Allocations"])

    online = person.get(f"Invoices/{invoices['Invoices'][0]['InvoiceID']}/OnlineInvoice").json()
    allocations = person.get(f"CreditNotes/{used['CreditNoteID']}/Allocations").json()

    check(specification, "OnlineInvoices", online)
    check(specification, "Allocations", allocations)


@pytest.mark.timeout(60)
def test_contact_answers_and_refusals_agree_with_the_specification(
    specification: dict[str, Any], person: Person
) -> None:
    created = person.send("PUT", "Contacts", {"Name": "By The Book"})
    refused = person.send("PUT", "Contacts", {"Name": "By The Book"})
    body = {"Contacts": [{"Name": "Another"}, {"Name": "By The Book"}]}
    mixed = person.send("PUT", "Contacts", body, params={"summarizeErrors": "false"})

    check(specification, "Contacts", created.json())
    check(specification, "Contacts", mixed.json())
    validate(specification, "Error", refused.json())


@pytest.mark.timeout(60)
def test_specifications_own_examples_are_served_as_they_stand(
    specification: dict[str, Any], person: Person
) -> None:
    kinds = ("Invoices", "CreditNotes", "Overpayments", "Prepayments")
    examples = {
        kind: specification["paths"][f"/{kind}"]["get"]["responses"]["200"]["content"][
            "application/json"
        ]["example"][kind]
        for kind in (*kinds, "Contacts")
    }
    contacts = examples.pop("Contacts")

    simulator_process.control(person.url, "replay", {"documents": examples, "contacts": contacts})

    for kind in kinds:
        assert person.get(kind, page=1).json()[kind] == examples[kind]
    assert person.get("Contacts", page=1).json()["Contacts"] == contacts


def test_check_finds_a_misspelt_field(schemas: dict[str, Any]) -> None:
    misspelt = {"Invoices": [{"InvoiceId": "x", "Contact": {"ContactNo": "y"}}]}

    found = set(unknown_fields(schemas, schemas["Invoices"], misspelt, "Invoices"))

    assert found == {"Invoices.Invoices.InvoiceId", "Invoices.Invoices.Contact.ContactNo"}


def test_validation_finds_a_value_that_is_not_allowed(specification: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError, match="TELEPORTED"):
        validate(specification, "Invoices", {"Invoices": [{"Status": "TELEPORTED"}]})
