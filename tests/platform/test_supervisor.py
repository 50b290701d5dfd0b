"""The supervisor: real child processes, started, watched and stopped."""

import os
import signal
import sys
from pathlib import Path

import pytest

from lrm.demo import output, supervisor
from tests.support import processes, waiting

# Each test takes moments; a busy machine may need far longer to start a process.
pytestmark = pytest.mark.timeout(240)
READY_SECONDS = 60

SLEEPER = "import time; print('ready to sleep', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
PARENT = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
{SLEEPER}
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-u", "-c", code, *arguments]


def make_supervisor(place: Path, **options: bool) -> supervisor.Supervisor:
    return supervisor.Supervisor(logs=place, root=processes.ROOT, **options)


def start_ready(family: supervisor.Supervisor, name: str, code: str, *arguments: str) -> int:
    child = family.start(
        name, python(code, *arguments), environment=os.environ, ready_line="^ready to sleep$"
    )
    family.wait_until_ready(child, seconds=READY_SECONDS)
    return child.process.pid


def test_children_stop_in_reverse_when_the_supervisor_does(tmp_path: Path) -> None:
    tell = "import atexit, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); "
    note = "atexit.register(lambda: open(sys.argv[1], 'a').write(sys.argv[2])); "
    endings = tmp_path / "endings"

    with make_supervisor(tmp_path) as family:
        for name in ("a", "b", "c"):
            start_ready(family, name, tell + note + SLEEPER, str(endings), name)
        family.stop(grace_seconds=60)

    assert endings.read_text() == "cba"


def test_child_is_killed_and_named_when_it_ignores_the_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    family = make_supervisor(tmp_path)
    start_ready(family, "stubborn", STUBBORN, str(tmp_path))

    family.stop(grace_seconds=0.3)

    assert processes.commands_naming(str(tmp_path)) == []
    assert "stubborn was killed: it did not stop in 0.3 s.\n" in capsys.readouterr().out


def test_children_of_children_stop_when_the_supervisor_does(tmp_path: Path) -> None:
    with make_supervisor(tmp_path) as family:
        start_ready(family, "parent", PARENT, str(tmp_path))
        assert len(processes.commands_naming(str(tmp_path))) == 2

    assert waiting.wait_until(lambda: processes.commands_naming(str(tmp_path)) == [])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the Linux kernel's help")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, sys, time
from pathlib import Path
from lrm.demo import supervisor
family = supervisor.Supervisor(logs=Path(sys.argv[1]), root=Path("."))
command = [sys.executable, "-u", "-c", {SLEEPER!r}, sys.argv[1]]
child = family.start("child", command, environment=os.environ, ready_line="ready")
family.wait_until_ready(child, seconds={READY_SECONDS})
print("started", flush=True)
time.sleep(600)
"""
    with processes.start_python(code, str(tmp_path)) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "started\n"
        assert len(processes.commands_naming(str(tmp_path))) == 2

        owner.send_signal(signal.SIGKILL)
        owner.wait()

    assert waiting.wait_until(lambda: processes.commands_naming(str(tmp_path)) == [])


def test_waiting_tells_the_last_lines_when_the_child_ends_early(tmp_path: Path) -> None:
    with make_supervisor(tmp_path) as family:
        child = family.start(
            "broken",
            python("import sys; print('the reason'); sys.exit(3)"),
            environment=os.environ,
            ready_line="never",
        )

        with pytest.raises(supervisor.ChildFailed) as raised:
            family.wait_until_ready(child, seconds=READY_SECONDS)

    assert "broken ended with code 3" in str(raised.value)
    assert "the reason" in str(raised.value)


def test_waiting_gives_up_when_the_child_stays_silent(tmp_path: Path) -> None:
    with make_supervisor(tmp_path) as family:
        child = family.start(
            "silent", python(SLEEPER), environment=os.environ, ready_line="something else"
        )

        with pytest.raises(supervisor.ChildFailed, match=r"silent was not ready after 1 seconds"):
            family.wait_until_ready(child, seconds=1)


def test_address_makes_ready_when_it_answers(tmp_path: Path) -> None:
    serve = (
        "import http.server as h\n"
        "server = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)\n"
        "print('port', server.server_port, flush=True)\n"
        "server.serve_forever()"
    )
    with make_supervisor(tmp_path) as family:
        first = family.start("web", python(serve), environment=os.environ, ready_line="port")
        family.wait_until_ready(first, seconds=READY_SECONDS)
        port = first.lines.last[-1].split()[-1]
        child = supervisor.Child(
            "web", first.process, first.lines, f"http://127.0.0.1:{port}/", None
        )

        family.wait_until_ready(child, seconds=READY_SECONDS)

        assert waiting.wait_until(child.is_ready)


def test_running_to_the_end_fails_when_the_command_does(tmp_path: Path) -> None:
    family = make_supervisor(tmp_path)

    family.run("good", python("pass"), environment=os.environ)
    with pytest.raises(supervisor.ChildFailed, match="bad ended with code 1"):
        family.run("bad", python("raise SystemExit(1)"), environment=os.environ)

    assert family.children == []


def test_first_to_end_is_noticed_when_a_child_dies(tmp_path: Path) -> None:
    with make_supervisor(tmp_path) as family:
        start_ready(family, "steady", SLEEPER)
        pid = start_ready(family, "victim", SLEEPER)
        assert family.first_to_end() is None

        os.kill(pid, signal.SIGKILL)
        assert waiting.wait_until(lambda: family.first_to_end() is not None)

        ended = family.first_to_end()
        assert ended is not None
        assert ended.name == "victim"


def test_terminal_gets_what_matters_and_the_log_all_when_lines_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "print('chatter'); print('2026-01-01 WARNING lrm: look here')"

    make_supervisor(tmp_path).run("talker", python(code), environment=os.environ)

    shown = capsys.readouterr().out
    assert "talker | 2026-01-01 WARNING lrm: look here" in shown
    assert "chatter" not in shown
    assert "chatter" in (tmp_path / "talker.log").read_text()


def test_box_is_as_wide_as_its_longest_line_when_drawn() -> None:
    drawn = output.boxed(["short", "the longest line"]).splitlines()

    assert {len(line) for line in drawn} == {len("the longest line") + 6}
