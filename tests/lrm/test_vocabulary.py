"""Pages, notices and mails have one word for one thing, and none of the trade's.

Held here: the text of every template, and whole sentences in the modules that make words for
people. Names in code are free, and so are the docs of whoever runs an installation.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import app_lists

ROOT = Path(__file__).resolve().parents[2]
APPS = sorted(app_lists.own_apps())
# The pattern, and what to say in its place.
UNWANTED = {
    r"\bresync": "re-sync",
    r"\bset aside\b": "could not be saved",
    r"\bheld against\b": "checked against",
    r"\bsweeps?\b": "regular check",
    r"\boperators?\b|\bwhoever operates\b": "support",
    r"\bdid not reach\b": "refused by Xero, or could not be sent to Xero",
    r"\basked for by\b": "started by",
    r"\bmend(s|ed)?\b": "fix",
}
WORD_MODULES = re.compile(
    r"words|notices|titles|wording|/status/|/views/|forms\.py|views\.py|demo/smoke"
)


def _templates() -> Iterator[tuple[str, str]]:
    """Yield what people read or hear of each template."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(
            r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", " ", path.read_text("utf-8")
        )
        heard = re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', text)
        seen = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", _without_tags(text), flags=re.S)
        yield str(path.relative_to(ROOT)), " ".join([seen, *map(_without_tags, heard)])


def _without_tags(text: str) -> str:
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.S)


def _sentences() -> Iterator[tuple[str, str]]:
    """Yield the texts with a blank of each module that makes words; not its docstrings."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if WORD_MODULES.search(name) and "migrations" not in path.parts:
                tree = ast.parse(path.read_text("utf-8"))
                alone = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
                for each in ast.walk(tree):
                    if not isinstance(each, ast.Constant) or id(each) in alone:
                        continue
                    if isinstance(each.value, str) and " " in each.value:
                        yield f"{name}:{each.lineno}", each.value


@pytest.mark.parametrize("unwanted", UNWANTED)
def test_no_page_says_a_word_for_which_people_have_another(unwanted: str) -> None:
    texts = [*_templates(), *_sentences()]

    found = [
        f"{place}: {match[0]!r}"
        for place, text in texts
        for match in re.finditer(unwanted, text, re.I)
    ]

    assert len(texts) > 500
    assert found == [], f"say {UNWANTED[unwanted]!r}"
