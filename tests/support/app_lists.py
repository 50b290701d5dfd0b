"""The lists of `pyproject.toml` that must name every app of the product."""

import re
import tomllib
from typing import Any

from lrm import settings
from tests.support import processes

PROJECT: dict[str, Any] = tomllib.loads((processes.ROOT / "pyproject.toml").read_text())


def own_apps() -> set[str]:
    """Return the packages of this checkout among the installed apps."""
    packages = {name.partition(".")[0] for name in settings.INSTALLED_APPS}
    return {name for name in packages if (processes.ROOT / name / "__init__.py").exists()}


def lists(project: dict[str, Any]) -> dict[str, set[str]]:
    """Return what each list that must name every app names, by where it stands."""
    linter = project["tool"]["importlinter"]
    contracts = {contract["name"]: contract for contract in linter["contracts"]}
    arrows = " | ".join(contracts["Arrows point one way"]["layers"])
    to_simulator = contracts["The product knows nothing of the simulator"]
    of_simulator = contracts["The simulator knows nothing of the product"]
    return {
        "root_packages": set(linter["root_packages"]),
        "Arrows point one way": {name.partition(".")[0] for name in re.split(r"[| ]+", arrows)},
        "The product knows nothing of the simulator": set(to_simulator["source_modules"]),
        "The simulator knows nothing of the product": set(of_simulator["forbidden_modules"]),
        "Xero's SDK stays behind one module": set(
            contracts["Xero's SDK stays behind one module"]["source_modules"]
        ),
        "coverage": set(project["tool"]["coverage"]["run"]["source_pkgs"]),
    }


def lacking(apps: set[str], project: dict[str, Any] = PROJECT) -> dict[str, set[str]]:
    """Return the apps that a list lacks, by list."""
    named_in = lists(project)
    return {where: missing for where, named in named_in.items() if (missing := apps - named)}
