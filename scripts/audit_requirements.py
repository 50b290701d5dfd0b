"""Ask whether a package that production installs has a known vulnerability.

Runs pip-audit on requirements.txt. Exits 1 where it finds one. Where the database cannot be
reached in time it says so and exits 0: a check that needs the network must not stop the work of
somebody who has none, and CI asks again.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_SECONDS = 20
COMMAND = [
    *(sys.executable, "-m", "pip_audit"),
    *("--requirement", "requirements.txt", "--require-hashes", "--disable-pip"),
    *("--format", "json", "--desc", "off", "--progress-spinner", "off", "--timeout", "5"),
]


UNREACHED = "The database of vulnerabilities could not be reached: nothing was checked."


def judge(report: str) -> tuple[bool, list[str]]:
    """Return whether the audit lets us pass, and what to tell people about it.

    The report is what pip-audit printed: JSON, or nothing where it could not ask.
    """
    try:
        packages = json.loads(report)["dependencies"]
    except ValueError:
        return True, [UNREACHED]
    found = [
        f"{package['name']} {package['version']} has {vulnerability['id']}, "
        f"fixed in {', '.join(vulnerability['fix_versions']) or 'no version yet'}."
        for package in packages
        for vulnerability in package.get("vulns", [])
    ]
    unknown = sorted(package["name"] for package in packages if "skip_reason" in package)
    checked = len(packages) - len(unknown)
    if not checked:
        return True, [UNREACHED]
    said = [f"Asked about {checked} of {len(packages)} packages: {len(found)} vulnerabilities."]
    if unknown:
        said.append(f"The database did not answer about {', '.join(unknown)}.")
    return not found, said + found


def main() -> int:
    """Ask, for so long at most; return the exit code."""
    try:
        asked = subprocess.run(
            COMMAND, cwd=ROOT, capture_output=True, text=True, check=False, timeout=MOST_SECONDS
        )
        report, complaint = asked.stdout, asked.stderr.strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        report, complaint = "", f"No answer within {MOST_SECONDS} seconds."
    passes, said = judge(report)
    if not report:
        said.append(f"pip-audit ended with: {complaint}")
    sys.stdout.writelines(f"{one}\n" for one in said)
    return 0 if passes else 1


if __name__ == "__main__":
    sys.exit(main())
