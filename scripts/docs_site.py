"""What mkdocs needs beside mkdocs.yml: pages from outside docs/, and links that fit the site.

README.md is the site's first page; others that stand at the root are pages by their own name. A
link to a file of the repository that is no page, such as requirements.in, becomes its name as code:
the site must lead nowhere that it does not have.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
# By their path from the root, and what they are called on the site.
OUTSIDE = {
    "README.md": "index.md",
    **{name: name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")},
    "benchmarks/RESULTS.md": "benchmarks/RESULTS.md",
}
_SOURCES = {page: source for source, page in OUTSIDE.items()}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_FENCE_IN_LIST = re.compile(r"^( +)```[a-z]*\n(.*?)^ +```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the pages that stand outside docs/."""
    for source, page in OUTSIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Point the links of a page at pages of the site."""
    here = page.file.src_uri
    source = _SOURCES.get(here, f"docs/{here}")

    def fitted(link: re.Match[str]) -> str:
        picture, words, target, place = link[1], link[2], link[3], link[4] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        there = OUTSIDE.get(path, path.removeprefix("docs/") if path.startswith("docs/") else "")
        if there and files.get_file_from_path(there):
            near = posixpath.relpath(there, posixpath.dirname(here) or ".")
            return f"{picture}[{words}]({near}{place})"
        if (ROOT / path).exists():
            return words if words.startswith("`") else f"`{words}`"
        # Left as it is, for mkdocs to complain.
        return link[0]

    # The site's Markdown knows fences at the begin of a line alone; in a list code is indented.
    markdown = _FENCE_IN_LIST.sub(lambda code: re.sub(r"(?m)^", "    ", code[2]), markdown)
    # What is written as code is no link.
    parts = _CODE.split(markdown)
    return "".join(
        part if number % 2 else _LINK.sub(fitted, part) for number, part in enumerate(parts)
    )


def on_page_content(html: str, **_: Any) -> str:
    """Take the backslash away that keeps a bar in code from ending a cell of a table."""
    return re.sub(r"<code>[^<]*</code>", lambda code: code[0].replace("\\|", "|"), html)
