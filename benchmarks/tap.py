"""tap-xero in a virtual environment of its own, made on first use: it needs pins that we do not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import bench

VERSION = "2.6.0"
# It imports six without naming it among its own dependencies.
PACKAGES = (f"tap-xero=={VERSION}", "six==1.17.0")
_HOME = bench.ROOT / ".local" / "bench-venv"


def is_installed() -> bool:
    """Return whether the tap is there already."""
    stamp = _HOME / "installed.txt"
    return stamp.exists() and stamp.read_text().split() == list(PACKAGES)


def python() -> Path:
    """Return the interpreter that has tap-xero, installing it where it is missing.

    :raises bench.PartFailed: it cannot be installed; with pip's last lines.
    """
    interpreter = _HOME / "bin" / "python"
    if not is_installed():
        _run([sys.executable, "-m", "venv", str(_HOME)])
        _run([str(interpreter), "-m", "pip", "install", "--quiet", *PACKAGES])
        (_HOME / "installed.txt").write_text("\n".join(PACKAGES))
    return interpreter


def measure(here: bench.Bench, simulator: bench.Simulator, tokens: Path) -> dict[str, Any]:
    """Let the tap print every document once; return its seconds and its count."""
    report = here.directory / "tap-report.json"
    report.unlink(missing_ok=True)
    command = [
        *(str(python()), str(bench.ROOT / "benchmarks" / "parts" / "tap_runner.py")),
        *(simulator.url, str(tokens), str(report)),
    ]
    _run(command, stdout=subprocess.DEVNULL)
    told: dict[str, Any] = json.loads(report.read_text())
    return told


def _run(command: list[str], *, stdout: int = subprocess.PIPE) -> None:
    done = subprocess.run(
        command,
        cwd=bench.ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        raise bench.PartFailed(f"{Path(command[0]).name}: {done.stderr[-2000:]}")
