"""The record of what clients ask: every call, as it came, and no secret."""

import json
from pathlib import Path

from tests.support import simulator_process


def test_calls_are_written_down_as_they_came_without_secrets(tmp_path: Path) -> None:
    record = tmp_path / "calls"
    books = ("--no-limits", "--documents", "60", "--contacts", "20")
    with simulator_process.running(*books, "--record", str(record)) as url:
        code = simulator_process.consent(url)
        tokens = simulator_process.exchange(url, code)
        tenant = simulator_process.control(url, "organisations")[0]["tenant_id"]
        person = simulator_process.Person(url, tenant, tokens)
        person.get("Invoices", where='Type=="ACCREC"', page=1)
        person.send("PUT", "Contacts", {"Contacts": [{"Name": "Wren Example"}]})

    text = record.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    for secret in (code, tokens["access_token"], tokens["refresh_token"], "demo-client-secret"):
        assert secret not in text
    asked = {(line["method"], line["target"].partition("?")[0]): line for line in lines}
    listed = asked["GET", "/api.xro/2.0/Invoices"]
    assert listed["target"].endswith("?where=Type%3D%3D%22ACCREC%22&page=1")
    assert listed["headers"]["authorization"] == "Bearer"
    assert listed["headers"]["xero-tenant-id"] == tenant
    assert json.loads(asked["PUT", "/api.xro/2.0/Contacts"]["body"])["Contacts"]
    form = json.loads(asked["POST", "/connect/token"]["body"])
    assert (form["grant_type"], len(form["code"])) == ("authorization_code", len(code))
    assert not [line for line in lines if line["target"].startswith("/simulator/")]
