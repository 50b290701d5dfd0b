"""Watching real processes from tests."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which coverage leaves a process alone that is none of the product's.

    To be watched costs a program that is not counted half of its speed.
    """
    return {name: text for name, text in environment.items() if not name.startswith("COVERAGE_")}


def commands_naming(text: str) -> list[str]:
    """Return the command lines of all living processes that name `text`, except `ps` itself."""
    listed = subprocess.run(
        ["ps", "-e", "-ww", "-o", "stat=,pid=,args="],  # noqa: S607 - ps is where PATH says
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [line for line in listed if text in line and not line.lstrip().startswith("Z")]


def run_python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in a process of its own, at the root of the checkout."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a few lines of Python; its standard output is a pipe, to be read line by line."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
