"""The empty folder, and what an operator puts into it before anything starts."""

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lrm.demo import ports, stack
from scripts.rehearsal.compose_file import ComposeFile

CLIENT_ID = "rehearsal-client-id"
_PROGRAMS = {"python", "gunicorn", "celery"}


class StepFailed(RuntimeError):
    """Something is not as it should be; the message says what was seen instead."""


@dataclass(frozen=True)
class Ports:
    """The ports of this machine that the installation takes."""

    https: int = field(default_factory=ports.free_port)
    http: int = field(default_factory=ports.free_port)
    health: int = field(default_factory=ports.free_port)
    web: int = field(default_factory=ports.free_port)
    database: int = field(default_factory=ports.free_port)
    broker: int = field(default_factory=ports.free_port)
    xero: int = field(default_factory=ports.free_port)


class Installation:
    """One folder with all that belongs to it. `place` is empty at first."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.clone = place / "lrm"
        self.app = place / "app"  # What the image holds.
        self.secrets = self.clone / "secrets"
        self.files = place / "files"  # What stands in /tmp in the containers.
        self.programs = place / "programs"
        self.venv = place / "venv"
        self.ports = Ports()
        self.url = f"https://localhost:{self.ports.https}"
        # By its number: no rule that the browser learns for the LRM's own name applies to it.
        self.xero_url = f"http://127.0.0.1:{self.ports.xero}"
        self.compose: ComposeFile

    def fetch(self) -> str:
        """Clone this checkout, as it is committed."""
        run(["git", "clone", "--quiet", str(stack.ROOT), str(self.clone)], cwd=self.place)
        commit = run(["git", "log", "-1", "--format=%h %s"], cwd=self.clone).strip()
        changed = run(["git", "status", "--porcelain", "-uno"], cwd=stack.ROOT).splitlines()
        return commit + (f"; {len(changed)} files not committed" if changed else "")

    def install(self) -> str:
        """Make a Python environment with what production needs, and nothing else."""
        run([sys.executable, "-m", "venv", str(self.venv)], cwd=self.place)
        pip = [str(self.venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        wanted = ["install", "--no-input", "--quiet", "--require-hashes", "-r", "requirements.txt"]
        # How packages are reached is this machine's business.
        run([*pip, *wanted], cwd=self.clone, env=os.environ, seconds=600)
        listed = run([*pip, "list", "--format", "freeze"], cwd=self.clone, env=self._system())
        return f"{len(listed.splitlines())} packages, each by its hash"

    def make_secrets(self) -> str:
        """Run `deploy/make-secrets.sh`, and write into the files what Xero's portal shows."""
        said = run(["deploy/make-secrets.sh"], cwd=self.clone, env=self._system())
        for name in ("xero_client_secret", "xero_webhook_keys"):
            if f"{name} is empty" not in said:
                raise StepFailed(f"make-secrets.sh does not say that {name} is empty: {said}")
            secret = base64.urlsafe_b64encode(os.urandom(32)).decode()
            (self.secrets / name).write_text(secret)
        if run(["git", "status", "--porcelain"], cwd=self.clone):
            raise StepFailed("Git would add the secrets.")
        return f"{said.count('made ')} made, Xero's two written into their files"

    def write_settings(self) -> str:
        """Copy `.env.example` and change what the README names, and where things are here."""
        text = (self.clone / ".env.example").read_text()
        here = {
            "ALLOWED_HOSTS": "localhost",
            "PUBLIC_URL": self.url,
            "XERO_CLIENT_ID": CLIENT_ID,
            "DATABASE_URL": f"postgresql://lrm@127.0.0.1:{self.ports.database}/lrm",
            "REDIS_URL": f"redis://127.0.0.1:{self.ports.broker}/0",
            "XERO_AUTHORIZE_URL": f"{self.xero_url}/identity/connect/authorize",
            "XERO_IDENTITY_URL": self.xero_url,
            "XERO_API_URL": self.xero_url,
            "XERO_ONLINE_INVOICE_HOSTS": self.xero_url.removeprefix("http://"),
        }
        for name, value in here.items():
            text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.M)
            if count != 1:
                raise StepFailed(f".env.example has {count} lines for {name}.")
        (self.clone / ".env").write_text(text)
        self.compose = ComposeFile(self.clone, dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.M)))
        return f"{len(here)} lines of .env.example changed"

    def make_image(self) -> str:
        """Put into one folder what the production image holds."""
        self.app.mkdir()
        shutil.copy(self.clone / "manage.py", self.app)
        folders = self.compose.image_folders()
        for name, left_out in folders:
            ignored = shutil.ignore_patterns("__pycache__", *left_out)
            shutil.copytree(self.clone / name, self.app / name, ignore=ignored)
        return ", ".join(name for name, _ in folders)

    def environment(self, service: str) -> dict[str, str]:
        """Return all that a service finds in its environment."""
        given = self.compose.environment(service)
        return {**self._system(), **{name: self.here(text) for name, text in given.items()}}

    def here(self, text: str) -> str:
        """Return words of the compose file with this machine's places in them."""
        files, web = str(self.files), f"127.0.0.1:{self.ports.web}"
        places = {
            "/run/secrets": str(self.secrets),
            "/tmp": files,  # noqa: S108 - of the container
            "0.0.0.0:8000": web,
            "127.0.0.1:8000": web,
            "web:8000": web,
        }
        return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)

    def command(self, service: str) -> list[str]:
        """Return what a service runs on this machine."""
        return self.program([self.here(one) for one in self.compose.command(service)])

    def program(self, words: Sequence[str]) -> list[str]:
        """Return the command with the installation's own Python."""
        first = str(self.venv / "bin" / words[0]) if words[0] in _PROGRAMS else words[0]
        return [first, *words[1:]]

    def manage(self, *words: str, service: str = "web", seconds: float = 120) -> str:
        """Run a management command in a service, and return what it printed."""
        command = self.program(["python", "manage.py", *words])
        return run(command, cwd=self.app, env=self.environment(service), seconds=seconds)

    def _system(self) -> dict[str, str]:
        """Return the environment of an empty machine."""
        path = f"{self.venv}/bin:{self.programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        return {"PATH": path, "HOME": str(self.place), "LANG": "C.UTF-8"}


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    seconds: float = 120,
    given: str | None = None,
) -> str:
    """Run a program to its end and return what it printed, errors behind the rest.

    :raises StepFailed: when it ends with an error; with what it said.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        input=given,
        stdin=None if given is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        shown = " ".join(command)[:160]
        raise StepFailed(f"{shown} ended with {done.returncode}: {done.stdout.strip()[-1500:]}")
    return done.stdout
