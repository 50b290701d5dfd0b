"""The short lists of packages and the compiled ones are held against each other."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import check_requirements

HASH = f"    --hash=sha256:{'0' * 64}\n"
DJANGO = f"django==5.2.1 \\\n{HASH}    # via -r requirements.in\n"
SQLPARSE = f"sqlparse==0.5.0 \\\n{HASH}    # via django\n"
PYTEST = (
    f"pytest==9.0.0 \\\n{HASH}    # via\n    #   -r requirements-dev.in\n    #   pytest-django\n"
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., list[str]]:
    """Write four lists that agree, some of them replaced; return what disagrees."""

    def write_lists(**replaced: str) -> list[str]:
        lists = {
            "requirements_in": "# Production.\nDjango==5.2.1  # The framework.\n",
            "requirements_txt": DJANGO + SQLPARSE,
            "requirements_dev_in": "-r requirements.in\n-c requirements.txt\n\npytest==9.0.0\n",
            "requirements_dev_txt": DJANGO + PYTEST + SQLPARSE,
            **replaced,
        }
        for name, text in lists.items():
            stem, _, ending = name.rpartition("_")
            (tmp_path / f"{stem.replace('_', '-')}.{ending}").write_text(text)
        return check_requirements.find_disagreements(tmp_path)

    return write_lists


def test_own_lists_agree(tmp_path: Path) -> None:
    for name in check_requirements.LISTS:
        for ending in ("in", "txt"):
            shutil.copy(check_requirements.ROOT / f"{name}.{ending}", tmp_path)

    assert check_requirements.find_disagreements(tmp_path) == []


def test_lists_that_agree_say_nothing(write: Callable[..., list[str]]) -> None:
    assert write() == []


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        (
            {"requirements_in": "Django==5.2.2\n"},
            "requirements.txt: django is 5.2.1, 5.2.2 is asked for.",
        ),
        (
            {"requirements_in": "Django==5.2.1\nredis==8.0.0\n"},
            "requirements-dev.txt: redis is nothing, 8.0.0 is asked for.",
        ),
        (
            {"requirements_dev_in": "-r requirements.in\n"},
            "requirements-dev.txt: pytest is no longer asked for.",
        ),
        (
            {"requirements_in": "Django>=5.2\n"},
            "requirements.in: “Django>=5.2” is no exact pin such as name==1.2.3.",
        ),
        (
            {"requirements_txt": f"{DJANGO}sqlparse>=0.5 \\\n{HASH}    # via django\n"},
            "requirements.txt: sqlparse is not pinned.",
        ),
        (
            {"requirements_txt": f"{DJANGO}sqlparse==0.5.0\n    # via django\n"},
            "requirements.txt: sqlparse has no hash.",
        ),
        (
            {"requirements_txt": f"{DJANGO}sqlparse @ https://example.com/s.whl \\\n{HASH}"},
            "requirements.txt holds an address or an option beside names and hashes.",
        ),
        (
            {"requirements_dev_txt": f"-i example.com\n{DJANGO}{PYTEST}{SQLPARSE}"},
            "requirements-dev.txt holds an address or an option beside names and hashes.",
        ),
        (
            {"requirements_txt": f"{DJANGO}--no-binary=sqlparse\n{SQLPARSE}"},
            "requirements.txt holds an address or an option beside names and hashes.",
        ),
        (
            {"requirements_dev_txt": DJANGO + PYTEST + SQLPARSE.replace("0.5.0", "0.5.1")},
            "requirements-dev.txt: sqlparse is 0.5.1, 0.5.0 in production.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_disagreement_is_named_when(
    write: Callable[..., list[str]], replaced: dict[str, str], said: str
) -> None:
    assert said in write(**replaced)
