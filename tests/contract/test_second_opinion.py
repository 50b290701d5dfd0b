"""The second opinion knows what the product asks, and finds whatever nobody knows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.contract import facts, second_opinion

ROOT = Path(__file__).parents[2]
ID = "5eed0000-0000-4000-8000-000000000001"
LIST = f"{facts.ROOT}Invoices"
HEADERS = {
    "host": "localhost",
    "authorization": "Bearer",
    "accept": "application/json",
    "accept-encoding": "gzip",
    "xero-tenant-id": ID,
    "user-agent": "xero-python (15.2.0)",
}
VERIFIER = "x" * 43
CODE = {
    "grant_type": "authorization_code",
    "code": "xxx",
    "redirect_uri": "https://lrm.example.com/callback/",
    "code_verifier": VERIFIER,
}
AUTHORIZE = {
    "response_type": "code",
    "client_id": "made-up",
    "redirect_uri": "https://lrm.example.com/callback/",
    "scope": "openid accounting.invoices.read accounting.contacts",
    "state": "made-up",
    "code_challenge": VERIFIER,
    "code_challenge_method": "S256",
}


def asked(
    path: str = LIST,
    *,
    method: str = "GET",
    headers: Mapping[str, str | None] | None = None,
    body: Any = None,
    **query: str,
) -> second_opinion.Asked:
    """Return a call as the simulator writes it down; a header that is None is left out."""
    given = {**HEADERS, **(headers or {})}
    return second_opinion.Asked(
        method=method,
        target=path + (f"?{urlencode(query)}" if query else ""),
        headers={name: value for name, value in given.items() if value is not None},
        body="" if body is None else json.dumps(body),
    )


def invoices(where: str) -> second_opinion.Asked:
    """Return a call for invoices by a filter."""
    return asked(page="1", where=where)


def token(**different: str | None) -> second_opinion.Asked:
    """Return the exchange of a code, with something different."""
    form = {name: value for name, value in {**CODE, **different}.items() if value is not None}
    headers = {**dict.fromkeys(HEADERS), "authorization": "Basic", "content-type": "form"}
    return asked("/connect/token", method="POST", headers=headers, body=form)


@pytest.mark.parametrize(
    "call",
    [
        asked(page="1", pageSize="1000", unitdp="4", order="InvoiceID ASC", includeArchived="True"),
        asked(page="1", IDs=",".join([ID] * 40)),
        asked(page="1", headers={"if-modified-since": "2026-11-02T01:15:39+00:00"}),
        invoices('Type=="ACCREC" AND Date>=DateTime(2026,01,31) AND Date<DateTime(2026,02,28)'),
        invoices(f'(Contact.ContactID==Guid("{ID}") OR Contact.ContactID==Guid("{ID}"))'),
        asked(f"{facts.ROOT}Contacts", page="1", where='Name=="Robert ""Bob"" Łęcki & Söhne (AND"'),
        asked(f"{facts.ROOT}Overpayments", page="1", where='Type=="APOVERPAYMENT"'),
        asked(f"{LIST}/{ID}/OnlineInvoice"),
        asked(f"{LIST}/{ID}", headers={"accept": "application/pdf"}),
        asked("/connections", headers={"xero-tenant-id": None}),
        asked(f"/connections/{ID}", method="DELETE", headers={"xero-tenant-id": None}),
        asked(
            f"{facts.ROOT}Contacts",
            method="POST",
            headers={"idempotency-key": "made-up-1", "content-type": "application/json"},
            body={"Contacts": [{"Name": "Wren Example"}] * 50},
            summarizeErrors="False",
        ),
        token(),
        asked("/identity/connect/authorize", headers=dict.fromkeys(HEADERS), **AUTHORIZE),
        asked("/identity/consent", method="POST"),
    ],
    ids=str,
)
def test_what_sources_show_is_no_fault(call: second_opinion.Asked) -> None:
    assert second_opinion.faults_of(call) == []


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (invoices("Total>500"), "where is not understood"),
        (invoices('Reference=="L1"'), "no source shows Invoices by Reference == (text)"),
        (invoices('Type!="ACCREC"'), "no source shows Invoices by Type != (text)"),
        (invoices('Type=="ACCREC"&&Date==null'), "no source shows conditions joined by '&&'"),
        (invoices('Type=="ACCREC" and Date==null'), "where is not understood"),
        (invoices('(Type=="ACCREC"'), "parentheses do not match"),
        (invoices("Date>=DateTime(2026,1,31)"), "no source shows a value written DateTime(2026,1"),
        (invoices("Date>=DateTime(2026,13,31)"), "no source shows a value written"),
        (invoices('Contact.Name=="O\\Brien"'), "no source shows a value written"),
        (invoices(f'InvoiceID==Guid("{ID}")'), "no source shows Invoices by InvoiceID"),
        (asked(LIST), "Invoices without a page"),
        (asked(page="0"), "query page: no source shows it written '0'"),
        (asked(page="1", pageSize="5000"), "query pageSize: no source"),
        (asked(page="1", unitdp="6"), "query unitdp: no source"),
        (asked(page="1", order="Date"), "order 'Date' names no member"),
        (asked(page="1", IDs=",".join([ID] * 53)), "query IDs: no source"),
        (asked(page="1", where=quote('Type=="ACCREC"')), "where is encoded twice"),
        (invoices(" OR ".join(['Type=="ACCREC"'] * 120)), "characters is too long"),
        (asked(page="1", modifiedAfter="2026-11-02"), "query modifiedAfter is not declared"),
        (asked(f"{facts.ROOT}CreditNotes", page="1", IDs=ID), "query IDs is not declared"),
        (asked(f"{facts.ROOT}CreditNotes", page="1", includeArchived="True"), "is not declared"),
        (asked(page="1", headers={"accept": None}), "header accept is missing"),
        (asked(page="1", headers={"accept": "*/*"}), "header accept: no source"),
        (asked(page="1", headers={"idempotency-key": "1"}), "means nothing on GET"),
        (asked(page="1", headers={"x-new": "1"}), "header x-new is in no source"),
        (
            asked(page="1", headers={"if-modified-since": "2026-11-02T01:15:39.902Z"}),
            "header if-modified-since: no source",
        ),
        (asked(page="1", headers={"xero-tenant-id": ID.replace("-", "")}), "xero-tenant-id: no"),
        (asked(f"{LIST}/{ID}/pdf"), "is no operation"),
        (asked(f"{facts.ROOT}Bills", page="1"), "is no operation"),
        (
            asked(
                f"{facts.ROOT}Contacts",
                method="PUT",
                body={"Contacts": [{"Name": "Wren Example"}] * 51},
            ),
            "51 Contacts are too many",
        ),
        (token(code_verifier="x" * 42), "form code_verifier: no source"),
        (token(code_verifier=None), "form code_verifier is missing"),
        (token(grant_type="password"), "form grant_type is in no source"),
        (
            asked(
                "/identity/connect/authorize",
                headers={},
                **{**AUTHORIZE, "scope": "accounting.transactions"},
            ),
            "authorize scope: no source",
        ),
    ],
)
def test_what_no_source_shows_is_found_and_named(call: second_opinion.Asked, fault: str) -> None:
    assert any(fault in one for one in second_opinion.faults_of(call)), second_opinion.faults_of(
        call
    )


def test_calls_that_differ_in_names_and_numbers_alone_are_of_one_shape() -> None:
    one, other = (
        invoices(f'Contact.ContactID==Guid("{xero_id}") AND Date>=DateTime({year},01,31)')
        for xero_id, year in ((ID, 2026), (ID.replace("5", "6"), 2025))
    )
    odd = asked(f"{facts.ROOT}Contacts", page="1", where='Name=="O\\Brien"')
    plain = asked(f"{facts.ROOT}Contacts", page="1", where='Name=="OBrien"')

    assert one.shape() == other.shape()
    assert one.shape() != invoices("Date==null").shape()
    assert odd.shape() != plain.shape()
    assert invoices('Type=="ACCREC"').shape() != invoices('Type=="SALES"').shape()
    # Years that are written with fewer digits are another form.
    four, three = (invoices(f"Date>=DateTime({year},01,31)") for year in ("2026", "995"))
    assert four.shape() != three.shape()


def test_forms_without_a_source_name_tests_that_show_a_refusal_is_survived() -> None:
    forms = [*facts.CONDITIONS.values(), *facts.VALUES.values()]
    tests = {test for form in forms for test in form.survived_by}

    assert [form for form in forms if not form.source and not form.survived_by] == []
    assert len(tests) >= 5
    for test in tests:
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_rows_name_lists_of_the_specification() -> None:
    """A row that is misspelt would let something through that nobody asks."""
    assert {row[0] for row in (*facts.CONDITIONS, *facts.VALUES)} <= facts.PAGED
