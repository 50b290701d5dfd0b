"""The embedded servers: shared by processes, stopped with the last one, however it ends."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis

from lrm.local import local_services
from tests.support import processes, waiting

# A cluster is made anew in each test, which takes its time on a busy machine.
pytestmark = pytest.mark.timeout(240)

HOLD_BOTH = """
import sys
from pathlib import Path
from lrm.local import local_services
directory = Path(sys.argv[1])
print(local_services.database_url(directory), flush=True)
print(local_services.redis_url(directory), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give a short-lived place outside pytest's own, whose paths are too long for sockets."""
    path = Path(tempfile.mkdtemp(prefix="lrm-tests-"))
    yield path
    waiting.wait_until(lambda: not processes.commands_naming(str(path)))
    shutil.rmtree(path)


@contextmanager
def holder(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a process that holds both services until it is told or made to end."""
    with processes.start_python(HOLD_BOTH, str(directory)) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip(), process.stdout.readline().strip()
        process.kill()


def answer_of_postgres(url: str) -> str:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
        assert row is not None
        return str(row[0])


def answer_of_valkey(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        return str(client.info("server")["valkey_version"])


def nothing_runs_for(directory: Path) -> bool:
    return not processes.commands_naming(str(directory))


def test_real_servers_answer_when_joined(directory: Path) -> None:
    with holder(directory) as (_, database, valkey):
        versions = answer_of_postgres(database), answer_of_valkey(valkey)

    assert versions[0].startswith("18.")
    assert versions[1].startswith("9.")


def test_second_process_joins_the_servers_of_the_first(directory: Path) -> None:
    with holder(directory) as first, holder(directory) as second:
        assert first[1:] == second[1:]

        first[0].kill()
        first[0].wait()

        assert answer_of_postgres(second[1]).startswith("18.")
        assert answer_of_valkey(second[2]).startswith("9.")


def test_servers_stop_when_the_last_holder_is_killed(directory: Path) -> None:
    with holder(directory) as (process, *_):
        assert processes.commands_naming(str(directory))

        process.send_signal(signal.SIGKILL)
        process.wait()

        assert waiting.wait_until(lambda: nothing_runs_for(directory))


def test_forked_child_keeps_the_servers_when_its_parent_ends(directory: Path) -> None:
    fork = HOLD_BOTH.replace("sys.stdin.read()", "import os; os.fork() or sys.stdin.read()")

    with processes.start_python(fork, str(directory)) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        database = parent.stdout.readline().strip()
        parent.wait()

        assert answer_of_postgres(database).startswith("18.")
        parent.stdin.close()  # The child's too, which ends by that.
        assert waiting.wait_until(lambda: nothing_runs_for(directory))


def test_servers_stop_and_start_again_when_the_keepers_are_killed(directory: Path) -> None:
    with holder(directory):
        for line in processes.commands_naming(str(directory)):
            if "lrm.local.keeper" in line:  # The servers themselves are signalled by the kernel.
                os.kill(int(line.split()[1]), signal.SIGKILL)

        assert waiting.wait_until(
            lambda: (
                not any("bin/postgres" in one for one in processes.commands_naming("postgres"))
                or not any(
                    "lrm.local.keeper" in one or "valkey-server" in one
                    for one in processes.commands_naming(str(directory))
                )
            )
        )

    with holder(directory) as (_, database, valkey):
        assert answer_of_postgres(database).startswith("18.")
        assert answer_of_valkey(valkey).startswith("9.")


def test_data_is_there_when_started_again(directory: Path) -> None:
    with holder(directory) as (_, database, _valkey), closing(psycopg2.connect(database)) as link:
        link.autocommit = True
        link.cursor().execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with holder(directory) as (_, database, _valkey), closing(psycopg2.connect(database)) as link:
        cursor = link.cursor()
        cursor.execute("SELECT answer FROM kept")

        assert cursor.fetchone() == (42,)


def test_many_processes_get_one_server_when_they_start_at_once(directory: Path) -> None:
    starts = [processes.start_python(HOLD_BOTH, str(directory)) for _ in range(4)]

    addresses = {one.stdout.readline() for one in starts if one.stdout is not None}
    for one in starts:
        one.communicate()

    assert len(addresses) == 1


def test_start_says_why_when_the_server_cannot_run(directory: Path) -> None:
    broken = directory / "postgresql"
    broken.mkdir()
    (broken / "PG_VERSION").write_text("12\n")
    shutil.chown(broken, "nobody") if os.geteuid() == 0 else None

    with pytest.raises(local_services.LocalServiceFailed) as raised:
        local_services.database_url(directory)

    local_services.leave(directory)
    assert "postgresql stopped while starting" in str(raised.value)
    assert str(directory / "postgresql.log") in str(raised.value)


def test_leaving_waits_until_the_servers_have_stopped(directory: Path) -> None:
    local_services.database_url(directory)
    local_services.redis_url(directory)

    local_services.leave(directory)

    assert nothing_runs_for(directory)


def test_service_that_ended_is_named_to_who_holds_it(directory: Path) -> None:
    local_services.database_url(directory)
    before = local_services.ended(directory)
    server = int((directory / "postgresql" / "postmaster.pid").read_text().split()[0])

    os.kill(server, signal.SIGKILL)
    noticed = waiting.wait_until(lambda: local_services.ended(directory) != "")
    said = local_services.ended(directory)
    local_services.leave(directory)

    assert before == ""
    assert noticed
    assert "postgresql ended by itself" in said
