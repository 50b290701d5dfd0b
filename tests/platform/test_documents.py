"""What README, docs and tours name is there: files, modules, tests, commands with their options,
settings, addresses, figures, links, and what a tour tells a person to press."""

import functools
import html
import re
import subprocess

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import Resolver404, resolve

from tests.support import processes

ROOT = processes.ROOT
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()
APPS = ("lrm", "connected_apps", "invoices", "xero_sync", "reports", "xero_simulator")
FOLDERS = (*APPS, "tests", "scripts", "benchmarks", "templates", "deploy", "docs")


def said_in(document: str) -> list[str]:
    """Return what a document writes as code, in a line or in a block."""
    text = (ROOT / document).read_text()
    # In a list they are indented.
    blocks = re.findall(r"^ *```[a-z]*\n(.*?)^ *```", text, re.M | re.S)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    return [
        *re.findall(r"`([^`\n]+)`", rest),
        *(line for one in blocks for line in one.split("\n")),
    ]


@functools.cache
def sources(*folders: str) -> str:
    """Return everything but Markdown that git knows, or what of it is in these folders."""
    listed = subprocess.run(
        # The git that whoever runs this has on their path.
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *folders],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    kinds = {".py", ".html", ".yml", ".sh", ".js", ".lua", ".toml", ".in", ""}
    paths = [ROOT / one for one in listed if one]
    return "\n".join(one.read_text() for one in paths if one.suffix in kinds and one.is_file())


def told_today() -> list[str]:
    """Return the documents that speak of today: a changelog names what is gone as well."""
    return [one for one in names() if one != "CHANGELOG.md"]


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


@pytest.mark.parametrize("document", told_today())
def test_modules_and_folders_that_a_document_names_exist(document: str) -> None:
    folders = "|".join(FOLDERS)
    found = {one for one in said_in(document) if re.fullmatch(rf"({folders})(/\w+)+", one)}
    missing = {one for one in found if not (ROOT / one).exists()}
    dotted = {one for one in said_in(document) if re.fullmatch(rf"({'|'.join(APPS)})(\.\w+)+", one)}

    missing |= {one for one in dotted if not names_something(one)}

    assert missing == set()


def names_something(dotted: str) -> bool:
    """Return whether dotted words are a module, or what stands in one."""
    path, words = ROOT, dotted.split(".")
    while words and (path / words[0]).is_dir():
        path /= words.pop(0)
    if words and path.joinpath(f"{words[0]}.py").is_file():
        text = path.joinpath(f"{words.pop(0)}.py").read_text()
    else:
        text = path.joinpath("__init__.py").read_text()
    is_there = all(re.search(rf"\b{word}\b", text) for word in words)
    # Or what is called like one, such as an attribute of a span.
    return is_there or f'"{dotted}"' in sources(*APPS)


@pytest.mark.parametrize("document", told_today())
def test_options_that_a_document_gives_a_command_exist(document: str) -> None:
    missing = set()
    for line in said_in(document):
        for name, rest in re.findall(r"manage\.py ([a-z_0-9]+)([^|\n]*)", line.replace("\\|", "/")):
            command = load_command_class(get_commands()[name], name)
            known = command.create_parser("manage.py", name)._option_string_actions
            missing |= {(name, one) for one in re.findall(r"--[a-z-]+", rest) if one not in known}

    assert missing == set()


@pytest.mark.parametrize("document", told_today())
def test_settings_that_a_document_names_exist(document: str) -> None:
    words = {
        name
        for one in said_in(document)
        for name in re.findall(r"(?<![\w$/.<-])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w-])", one)
    }
    # Not in a test, which may name one that is gone.
    known = sources(".", ":!tests") + sources("tests/second_app")

    missing = {one for one in words if not re.search(rf"\b{one.removesuffix('_FILE')}\b", known)}

    assert missing - EXAMPLES == set()


# What somebody puts something else in place of.
EXAMPLES = {"PORTAL_SLUG"}


@pytest.mark.parametrize("document", told_today())
def test_figures_that_a_document_names_exist(document: str) -> None:
    figures = {name for one in said_in(document) for name in re.findall(r"\blrm_[a-z_]+", one)}
    known = sources(*APPS)

    assert {one for one in figures if one.removesuffix("_total") not in known} == set()


@pytest.mark.parametrize("document", told_today())
def test_addresses_that_a_document_names_exist(document: str) -> None:
    addresses = {
        one.partition("?")[0]
        for one in said_in(document)
        if re.fullmatch(r"/[a-z][\w/.{}<>:?=&-]*", one)
    }

    assert {one for one in addresses if not is_answered(one)} == set()


def is_answered(address: str) -> bool:
    """Return whether the product or the simulator answers there, or the product asks Xero there."""
    try:
        resolve(re.sub(r"[{<][^}>]*[}>]", "1", address))
    except Resolver404:
        return address.rstrip("/") in sources(*APPS)
    return True


@pytest.mark.parametrize("tour", [one for one in names() if one.startswith("docs/tours/")])
def test_what_a_tour_has_people_press_is_on_a_page(tour: str) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / tour).read_text(), flags=re.DOTALL)
    pages = html.unescape(re.sub(r"\s+", " ", sources("templates", *APPS)))
    buttons = re.findall(r"\*\*([^*]+)\*\*", text)
    places = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", text)

    assert buttons or places
    words = {word for one in [*buttons, *places] for word in one.split(" > ")}
    assert {one for one in words if one not in pages} == set()
