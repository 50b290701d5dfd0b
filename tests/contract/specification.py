"""Xero's official specification, where it is here: the one place that reads its YAML.

It belongs to Xero and lies outside the repository. `XERO_OPENAPI_DIR` names its folder; without
that, a folder beside the repository is looked at.
"""

import functools
import os
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(
    os.environ.get("XERO_OPENAPI_DIR")
    or Path(__file__).parents[3] / "shared" / "xero-openapi"
)  # fmt: skip
# What we call each interface of Xero's, and the file that describes it.
FILES = {
    "accounting": "xero_accounting.yaml",
    "identity": "xero-identity.yaml",
    "webhooks": "xero-webhooks.yaml",
}


class _Loader(yaml.CSafeLoader):
    """Reads the examples as the JSON they stand for: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def is_here(folder: Path = FOLDER) -> bool:
    """Return whether all files of the specification are in a folder."""
    return all((folder / name).is_file() for name in FILES.values())


@functools.cache
def documents(folder: Path = FOLDER) -> dict[str, Any]:
    """Return the specification of each interface as it stands. Not to be changed: it is shared.

    :raises OSError: a file is not there.
    """
    return {
        interface: yaml.load((folder / name).read_bytes(), Loader=_Loader)  # noqa: S506 - a safe loader.
        for interface, name in FILES.items()
    }
