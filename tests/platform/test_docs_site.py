"""The documentation as a site: strict about links, and it asks nobody else for anything."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from scripts import docs_site
from tests.support import processes


class Addresses(HTMLParser):
    """Collects where a page leads, and what a browser fetches for it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names."""
        given = {name: value or "" for name, value in attrs}
        self.places.add(given.get("id", ""))
        into = self.links if tag == "a" else self.fetched
        into += [given[name] for name in ("href", "src", "data", "poster") if name in given]


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a checkout as `make docs` does."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(site)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build this checkout's."""
    folder = tmp_path_factory.mktemp("site")
    built = build(processes.ROOT, folder)
    assert built.returncode == 0, built.stderr
    return folder


def pages(site: Path) -> dict[Path, Addresses]:
    """Return what each page names."""
    found = {}
    for path in site.rglob("*.html"):
        found[path] = Addresses()
        found[path].feed(path.read_text())
    return found


def test_site_has_every_document(site: Path) -> None:
    documents = {
        *docs_site.OUTSIDE.values(),
        *(str(one.relative_to(processes.ROOT / "docs")) for one in documents_of_docs()),
    }

    assert len(documents) > 15
    missing = {one for one in documents if not (site / one).with_suffix(".html").exists()}
    assert missing == set()


def documents_of_docs() -> list[Path]:
    """Return every page that is written for the site."""
    return list((processes.ROOT / "docs").rglob("*.md"))


def test_site_asks_no_other_server(site: Path) -> None:
    fetched = [one for page in pages(site).values() for one in page.fetched]
    styles = "\n".join(path.read_text() for path in site.rglob("*.css"))
    fetched += re.findall(r"url\(['\"]?([^)'\"]+)", styles) + re.findall(r"@import ([^;]+)", styles)
    scripts = "\n".join(path.read_text() for path in site.rglob("*.js"))

    assert len(fetched) > 100
    assert {one for one in fetched if re.match(r"(https?:)?//", one)} == set()
    # What a script may ask or load by an address in a string of its own.
    assert re.findall(r"""(?:fetch|open|import|src\s*=)\s*\(?\s*["'`]https?:""", scripts) == []


def test_every_link_of_the_site_leads_to_a_place_in_it(site: Path) -> None:
    all_pages = pages(site)
    missing = []
    for path, page in all_pages.items():
        for link in [*page.links, *page.fetched]:
            parts = urlsplit(link)
            if parts.scheme or not link or path.name == "404.html":
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = parts.fragment if there in all_pages else ""
            if not there.exists() or (place and place not in all_pages[there].places):
                missing.append((path.name, link))

    assert missing == []


def test_files_that_are_no_pages_are_named_and_not_linked(site: Path) -> None:
    start = (site / "index.html").read_text()

    assert "<code>requirements.in</code>" in start
    assert 'href="requirements.in"' not in start
    assert 'href="api.html"' in start


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("docs/glossary.md", "[nowhere](nowhere.md)"),
        ("docs/glossary.md", "[no such place](operations.md#no-such-place)"),
        ("README.md", "[nowhere](docs/nowhere.md)"),
        ("docs/unlisted.md", "A page that no menu names."),
    ],
)
def test_site_is_not_built_when_something_leads_nowhere(
    document: str, words: str, tmp_path: Path
) -> None:
    for name in ("mkdocs.yml", *docs_site.OUTSIDE, "scripts/docs_site.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(processes.ROOT / name, tmp_path / name)
    shutil.copytree(processes.ROOT / "docs", tmp_path / "docs")
    for name in ("requirements.in", "LICENSE"):
        shutil.copy(processes.ROOT / name, tmp_path / name)
    whole = build(tmp_path, tmp_path / "site")
    with (tmp_path / document).open("a") as written:
        written.write(f"\n{words}\n")

    broken = build(tmp_path, tmp_path / "site")

    assert whole.returncode == 0, whole.stderr
    assert broken.returncode != 0
    assert "Aborted with" in broken.stdout + broken.stderr
