"""Tell whether requirements*.txt still say what requirements*.in ask for. Needs no network.

`make requirements` compiles the short lists of our own choices (.in) into complete ones with
hashes (.txt). Whoever edits one and forgets the other gets a line for each disagreement, and
exit code 1.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTS = ("requirements", "requirements-dev")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]+\])?==([^\s;\\]+)(?=\s|;|$)")
# How the compiler notes that a package is our own choice, beside those it brings along.
CHOSEN = re.compile(r"^    # (?:via)? +-r requirements(?:-dev)?\.in$", re.M)
# A compiled list goes to every machine, so packages go by name alone: where one machine gets them
# from has no place there, and nothing but a hash is told as an option.
NOT_A_NAME = re.compile(r"://|^ *-(?!-hash=)", re.M)


def find_disagreements(root: Path) -> list[str]:
    """Return a sentence for everything in which the lists of this folder disagree."""
    found: list[str] = []
    chosen: dict[str, str] = {}
    compiled: dict[str, str] = {}
    for name in LISTS:
        source, target = root / f"{name}.in", root / f"{name}.txt"
        # The second pair contains the first.
        chosen |= _read_choices(source, found)
        text = target.read_text()
        if NOT_A_NAME.search(text):
            found.append(f"{target.name} holds an address or an option beside names and hashes.")
        blocks = _split_blocks(text)
        found += _check_blocks(target.name, blocks)
        found += _compare_choices(target.name, blocks, chosen)
        found += _compare_shared(target.name, blocks, compiled)
        compiled |= {package: version for package, (version, _) in blocks.items()}
    return found


def _normalize(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_choices(source: Path, found: list[str]) -> dict[str, str]:
    """Return name and version of every choice; note in `found` the lines that are no exact pin."""
    choices = {}
    for line in source.read_text().splitlines():
        wanted = line.partition(" #")[0].strip()
        if not wanted or wanted.startswith(("#", "-r ", "-c ")):
            continue
        pin = PIN.match(wanted)
        if pin is None:
            found.append(f"{source.name}: “{wanted}” is no exact pin such as name==1.2.3.")
        else:
            choices[_normalize(pin[1])] = pin[2]
    return choices


def _split_blocks(compiled: str) -> dict[str, tuple[str, str]]:
    """Return each package of a compiled list with its version and the lines that belong to it."""
    blocks = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", compiled, flags=re.M)[1:]:
        name = re.split(r"[^A-Za-z0-9._-]", block, maxsplit=1)[0]
        pin = PIN.match(block)
        blocks[_normalize(name)] = (pin[2] if pin else "", block)
    return blocks


def _check_blocks(target: str, blocks: dict[str, tuple[str, str]]) -> list[str]:
    found = []
    for package, (version, block) in blocks.items():
        if not version:
            found.append(f"{target}: {package} is not pinned.")
        if "--hash=sha256:" not in block:
            found.append(f"{target}: {package} has no hash.")
    return found


def _compare_choices(
    target: str, blocks: dict[str, tuple[str, str]], chosen: dict[str, str]
) -> list[str]:
    found = []
    for package, version in chosen.items():
        installed = blocks[package][0] if package in blocks else "nothing"
        if installed != version:
            found.append(f"{target}: {package} is {installed}, {version} is asked for.")
    for package, (_, block) in blocks.items():
        if CHOSEN.search(block) and package not in chosen:
            found.append(f"{target}: {package} is no longer asked for.")
    return found


def _compare_shared(
    target: str, blocks: dict[str, tuple[str, str]], compiled: dict[str, str]
) -> list[str]:
    """Tests must run on what production runs on: the packages of both lists have one version."""
    found = []
    for package, version in compiled.items():
        installed = blocks[package][0] if package in blocks else "nothing"
        if installed != version:
            found.append(f"{target}: {package} is {installed}, {version} in production.")
    return found


def main() -> int:
    """Compare the lists; return the exit code."""
    found = find_disagreements(ROOT)
    sys.stdout.writelines(f"{one}\n" for one in found)
    if found:
        sys.stdout.write("Run `make requirements` and commit what it writes.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
