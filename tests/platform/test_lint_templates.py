"""Which templates `make lint` looks at: those of the checkout, also before git knows them."""

import shutil
import subprocess
from pathlib import Path

from tests.support import processes

_NEW = ("templates/lamp/card.html", "lamp/templates/lamp/card.html")


def looked_at(place: Path, which: str) -> set[str]:
    """Return what a list of the Makefile finds in a folder."""
    listed = subprocess.run(
        ["make", "--silent", "--eval", f"listed:; @$({which})", "listed"],  # noqa: S607 - from PATH
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


def test_template_that_git_does_not_know_yet_is_looked_at(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", ".gitignore"):
        shutil.copy(processes.ROOT / name, tmp_path)
    for name in _NEW:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{% load shell %}")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)  # noqa: S607 - from PATH

    assert looked_at(tmp_path, "DJANGO_TEMPLATES") == set(_NEW)
    assert looked_at(tmp_path, "ALL_TEMPLATES") == set(_NEW)
