"""What the audit of packages lets pass, and what it says. Nothing here asks the network."""

import json
from typing import Any

import pytest

from scripts import audit_requirements


def write_report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_audit_passes_when_no_vulnerability_is_known() -> None:
    report = write_report({"name": "django", "version": "5.2.1", "vulns": []})

    assert audit_requirements.judge(report) == (
        True,
        ["Asked about 1 of 1 packages: 0 vulnerabilities."],
    )


def test_audit_fails_and_names_the_fix_when_a_vulnerability_is_known() -> None:
    known = [
        {"id": "PYSEC-2026-1", "fix_versions": ["5.2.2", "6.0.1"]},
        {"id": "PYSEC-2026-2", "fix_versions": []},
    ]
    report = write_report({"name": "django", "version": "5.2.1", "vulns": known})

    passes, said = audit_requirements.judge(report)

    assert not passes
    assert said == [
        "Asked about 1 of 1 packages: 2 vulnerabilities.",
        "django 5.2.1 has PYSEC-2026-1, fixed in 5.2.2, 6.0.1.",
        "django 5.2.1 has PYSEC-2026-2, fixed in no version yet.",
    ]


def test_audit_says_what_it_could_not_ask_about() -> None:
    report = write_report(
        {"name": "django", "version": "5.2.1", "vulns": []},
        {"name": "vine", "skip_reason": "made up"},
    )

    assert audit_requirements.judge(report) == (
        True,
        [
            "Asked about 1 of 2 packages: 0 vulnerabilities.",
            "The database did not answer about vine.",
        ],
    )


@pytest.mark.parametrize(
    "report",
    ["", write_report({"name": "vine", "skip_reason": "made up"})],
    ids=["no report", "no answer about any package"],
)
def test_audit_passes_and_says_so_when_the_database_is_away(report: str) -> None:
    assert audit_requirements.judge(report) == (True, [audit_requirements.UNREACHED])
