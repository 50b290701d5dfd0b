"""What README and docs name is there: files, tests, make targets, management commands, links."""

import re

import pytest
from django.core.management import get_commands

from tests.support import processes

ROOT = processes.ROOT
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def said_in(document: str) -> list[str]:
    """Return what a document writes as code, in a line or in a block."""
    text = (ROOT / document).read_text()
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return [
        *re.findall(r"`([^`\n]+)`", rest),
        *(line for one in blocks for line in one.split("\n")),
    ]


def names() -> list[str]:
    """Return the documents by their path from the root."""
    return [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@pytest.mark.parametrize("document", names())
def test_files_that_a_document_names_exist(document: str) -> None:
    paths = [one for one in said_in(document) if re.fullmatch(r"[\w.-]+(/[\w.-]+)+(\.\w+|/)", one)]
    # A module beside one that was named with its folder, such as `comparison.py`.
    modules = [one for one in said_in(document) if re.fullmatch(r"\w+\.py", one)]

    missing = [path for path in paths if not (ROOT / path).exists()]
    missing += [
        one
        for one in modules
        if not any(ROOT.glob(f"[!.]*/**/{one}")) and not (ROOT / one).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("document", names())
def test_links_of_a_document_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    links = [one for one in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in one]

    missing = [one for one in links if not (ROOT / document).parent.joinpath(one).exists()]

    assert missing == []


@pytest.mark.parametrize("document", names())
def test_commands_that_a_document_names_exist(document: str) -> None:
    said = "\n".join(said_in(document))
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", said))
    commands = set(re.findall(r"manage\.py ([a-z_0-9]+)", said))

    assert {one for one in targets if not re.search(rf"^{one}:", MAKEFILE, re.M)} == set()
    assert commands - set(get_commands()) == set()


@pytest.mark.parametrize("document", names())
def test_tests_that_a_document_names_exist(document: str) -> None:
    named = {one for one in said_in(document) if re.fullmatch(r"test_\w+", one)}
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    assert {one for one in named if f"def {one}(" not in sources} == set()
