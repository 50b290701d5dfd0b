"""docs/adding_an_app.md: its listings are the files of the second app, and its changes fit."""

import ast
import re
import tomllib

from tests.support import app_lists, processes, second_app

GUIDE = (processes.ROOT / "docs" / "adding_an_app.md").read_text()
# What no recipe need show: it is made by a command, or belongs to the tests' settings alone.
NOT_LISTED = r"beacon/migrations/.*|second_\w+\.py|(.*/)?__pycache__/.*"


def listings() -> dict[str, str]:
    """Return the files that the guide lists, by path."""
    return dict(re.findall(r"^#### (\S+)\n\n```\w+\n(.*?)^```$", GUIDE, re.M | re.S))


def changes() -> list[tuple[str, str, str]]:
    """Return the changes of files of the product: path, what stands there, what comes instead."""
    found, path = [], ""
    for named, hunk in re.findall(
        r"^`([\w./]+)`(?:,[^\n]*)?[:.]|^```diff\n(.*?)^```$", GUIDE, re.M | re.S
    ):
        path = named or path
        if hunk:
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] in " -")
            found.append((path, before, "".join(line[1:] for line in lines if line[0] in " +")))
    return found


def changed(path: str) -> str:
    """Return a file of the product as it is after the guide's changes."""
    text = (processes.ROOT / path).read_text()
    for where, before, after in changes():
        if where == path:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
    return text


def test_guide_lists_the_files_of_the_second_app_as_they_are() -> None:
    folder = second_app.FOLDER
    paths = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    files = {path for path in paths if not re.fullmatch(NOT_LISTED, path)}

    listed = listings()

    assert set(listed) == files
    assert {path: (folder / path).read_text() for path in files} == listed


def test_changes_of_the_product_that_the_guide_names_fit_and_suffice() -> None:
    paths = {path for path, _before, _after in changes()}
    after = {path: changed(path) for path in paths}

    project = tomllib.loads(after.pop("pyproject.toml"))

    assert set(after) == {
        *("lrm/settings.py", "lrm/urls.py", "Dockerfile"),
        "tests/security/test_permissions.py",
        "tests/security/audited_connection.py",
    }
    assert app_lists.lacking({*app_lists.own_apps(), "beacon"}, project) == {}
    assert all("beacon" in text for text in after.values())
    assert all(ast.parse(text) for path, text in after.items() if path.endswith(".py"))
