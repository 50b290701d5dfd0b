"""The kept extract is what was drawn, and the script says where a specification yields another."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract import extract, extraction, specification

ROOT = Path(__file__).parents[2]
KEPT = extract.FILE.read_text(encoding="utf-8")


def test_kept_extract_is_as_it_was_drawn() -> None:
    """Nobody changed it by hand; and, where the specification is here, it yields just this."""
    kept = json.loads(KEPT)

    assert extraction.write(kept) + "\n" == KEPT
    assert {name: [*one["operations"]] for name, one in kept.items()} == {
        name: sorted(operations) for name, operations in extraction.OPERATIONS.items()
    }
    if specification.is_here():
        assert extraction.draw(specification.documents()) == kept


def _check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.extract_xero_contract", "--check", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _node_of(fact: dict[str, Any]) -> dict[str, Any]:
    """Return a fact of the extract as a specification would say it."""
    if "members" in fact:
        members = fact["members"]
        return {
            "properties": {name: _node_of(one) for name, one in members.items()},
            "required": [name for name, one in members.items() if one.get("required")],
        }
    node: dict[str, Any] = (
        {"$ref": f"#/components/schemas/{fact['schema']}"}
        if "schema" in fact
        else _SAID.get(fact["type"], {"type": fact["type"]})
    )
    node = node | {_SAID_AS[key]: fact[key] for key in _SAID_AS if key in fact}
    node = {"type": "array", "items": node} if fact.get("list") else node
    return node | ({"readOnly": True} if fact.get("read_only") else {})


_SAID_AS = {"values": "enum", "longest": "maxLength"}
_SAID: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    **{form: {"type": "string", "format": form} for form in ("uuid", "uri", "date-time")},
    "date": {"type": "string", "x-is-msdate": True},
    "instant": {"type": "string", "x-is-msdate-time": True},
}


def _body_of(fact: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _node_of(fact)}}} if fact else {}


def _document_of(kept: dict[str, Any]) -> dict[str, Any]:
    """Return a specification of which an interface of the extract could have been drawn."""
    paths: dict[str, dict[str, Any]] = {}
    for name, operation in kept["operations"].items():
        method, path = name.split(" ")
        described: dict[str, Any] = {
            "parameters": [
                {
                    "name": key,
                    "in": one["in"],
                    "required": "required" in one,
                    "schema": _node_of(one),
                }
                for key, one in operation["parameters"].items()
            ],
            "responses": {status: _body_of(one) for status, one in operation["responses"].items()},
        }
        if "request" in operation:
            described["requestBody"] = _body_of(operation["request"])
        paths.setdefault(path, {})[method.lower()] = described
    return {
        "info": {"version": kept["version"]},
        "servers": [{"url": kept["address"]}],
        "paths": paths,
        "components": {
            "headers": dict.fromkeys(kept["headers"]),
            "schemas": {name: _node_of(one) for name, one in kept["schemas"].items()},
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A specification, written back from the kept extract. JSON is YAML too."""
    for name, kept in json.loads(KEPT).items():
        path = tmp_path / specification.FILES[name]
        path.write_text(json.dumps(_document_of(kept)), encoding="utf-8")
    return tmp_path


def test_check_agrees_with_a_specification_that_yields_the_kept_extract(folder: Path) -> None:
    answer = _check(folder)

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_check_shows_what_differs(folder: Path) -> None:
    path = folder / specification.FILES["accounting"]
    path.write_text(path.read_text(encoding="utf-8").replace('"AmountDue"', '"AmountOwed"'))

    answer = _check(folder)

    assert answer.returncode == 1
    assert '-     "AmountDue": {"read_only": true, "type": "number"},' in answer.stdout
    assert '+     "AmountOwed": {"read_only": true, "type": "number"},' in answer.stdout
    assert extract.FILE.read_text(encoding="utf-8") == KEPT


def test_check_is_refused_where_the_specification_is_not(tmp_path: Path) -> None:
    answer = _check(tmp_path)

    assert answer.returncode == 2
    assert "xero_accounting.yaml" in answer.stderr
