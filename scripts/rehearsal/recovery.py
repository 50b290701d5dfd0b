"""A backup put back by the very commands of docs/operations.md, and a stop in a re-sync."""

import re
import shlex
import time
from decimal import Decimal

from scripts.rehearsal.compose_file import SERVICES
from scripts.rehearsal.first_day import CONNECTED_APPS
from scripts.rehearsal.installation import StepFailed, run
from scripts.rehearsal.services import MOST_STOP_SECONDS
from scripts.rehearsal.walk import PORTAL, Walk, days, wait

# Each row with all its columns, in a fixed order.
_DIGEST = (
    "SELECT count(*) || ' documents, ' || md5(string_agg(md5(one::text), '' ORDER BY id))"
    " FROM invoices_document one"
)
_COMMAND = re.compile(
    r"(?:docker compose (?:exec (?:-T )?)?)?(?P<what>db|web python manage\.py|stop|up|umask)(?: |$)"
)


def back_up_and_restore(walk: Walk) -> str:
    """Do line by line what the documents say; while it lies there, Xero goes on."""
    before = _totals(walk)
    seen: list[str] = []
    for line in _commands(walk):
        began = time.monotonic()
        _do(walk, line)
        seconds = time.monotonic() - began
        if "pg_dump" in line:
            walk.digest = walk.services.ask_database(_DIGEST)
            if (walk.at.place / "lrm.dump").stat().st_mode & 0o077:
                raise StepFailed("The dump can be read by everybody on this host.")
            seen.append(f"dump {seconds:.1f} s")
            _pay_one_more(walk)
        if "pg_restore" in line:
            restored = walk.services.ask_database(_DIGEST)
            if restored != walk.digest:
                raise StepFailed(f"The backup had {walk.digest}, restored are {restored}")
            seen.append(f"restore {seconds:.1f} s, {restored[:24]} equal")
    _check_tokens(walk)
    walk.compare()
    after = _totals(walk)
    if before[0] != after[0]:
        raise StepFailed(f"#0442's total was {before[0]} and is {after[0]}")
    return f"{', '.join(seen)}; re-sync verified, total {after[0]} as before"


def stop_in_the_midst(walk: Walk) -> str:
    """Ask everything to stop while a re-sync reads, start again, and see that nothing is lost."""
    walk.xero.do("faults", match={"path": "/Invoices"}, times=-1, answer={"delay_seconds": 1.5})
    since, until = days()
    walk.at.manage("resync", PORTAL, "--from", since, "--to", until)
    number = walk.api("sync-runs/")["results"][0]["id"]
    wait(lambda: walk.run(number)["read"] > 0, what="a page of the re-sync")
    began = time.monotonic()
    # As docker does: first who needs others, last whom all need.
    ended = walk.services.stop([name for name in SERVICES if name not in {"db", "redis"}])
    is_open = walk.services.ask_database(
        "SELECT finished_at IS NULL FROM xero_sync_syncrun WHERE id = :number", number=number
    )
    ended |= walk.services.stop(("redis", "db"))
    seconds = time.monotonic() - began
    if is_open != "t":
        raise StepFailed("The re-sync had ended before everything was stopped.")
    wrong = {
        name: end
        for name, end in ended.items()
        if end[1] or end[0] > walk.at.compose.patience(name)
    }
    if wrong or seconds > MOST_STOP_SECONDS:
        raise StepFailed(f"All stopped after {seconds:.1f} s; too late or with a code: {wrong}")
    last = max(ended, key=lambda name: ended[name][0])
    left = run(["ps", "-e", "-ww", "-o", "args="], cwd=walk.at.place).splitlines()
    if found := [line for line in left if str(walk.at.venv) in line]:
        raise StepFailed(f"Processes are left: {found[:3]}")
    walk.xero.heal()
    walk.services.up()
    waited = wait(lambda: walk.run(number)["finished_at"] is not None, what="the re-sync to end")
    told = walk.run(number)
    stages = {kind["stage"] for kind in told["kinds"]}
    if (told["state"], stages) != ("DONE", {"COMPLETE"}):
        raise StepFailed(f"The re-sync ended {told['state']}, {stages}: {told['reason']}")
    return (
        f"stopped in {seconds:.1f} s, last {last}; verified after {waited:.1f} s; {walk.compare()}"
    )


def _commands(walk: Walk) -> list[str]:
    """Return the commands that docs/operations.md gives for backup and restore."""
    text = (walk.at.clone / "docs" / "operations.md").read_text()
    found = re.search(r"^## Backup and restore\n.*?^```\n(.*?)^```", text, re.M | re.S)
    if found is None:
        raise StepFailed("docs/operations.md has no commands for backup and restore.")
    return found[1].splitlines()


def _do(walk: Walk, line: str) -> None:
    """Do what one command of the documents does, without docker."""
    found = re.match(_COMMAND, line)
    rest = line[found.end() :] if found else ""
    match found and found["what"]:
        case "db":
            walk.services.shell(f"{walk.umask}\n{rest}")
        case "umask":
            walk.umask = line
        case "stop":
            walk.services.stop(rest.split())
        case "up":
            walk.services.up()
        case "web python manage.py":
            first, last = days()
            words = rest.replace("PORTAL_SLUG", PORTAL)
            words = words.replace("--from D", f"--from {first}").replace("--to D", f"--to {last}")
            walk.at.manage(*shlex.split(words), seconds=300)
        case _:
            raise StepFailed(f"Nobody knows how to do this without docker: {line}")


def _pay_one_more(walk: Walk) -> None:
    """Let Xero change after the backup, as it does."""
    rows = walk.xero.show("books")["documents"]
    unpaid = next(row for row in rows if row["type"] == "ACCREC" and row["status"] == "AUTHORISED")
    walk.xero.do("documents", act="pay", id=unpaid["xero_id"])


def _totals(walk: Walk) -> tuple[Decimal, int]:
    """Return the total of report #0442 over all, and how many rows it has."""
    rows = walk.report()
    return sum((Decimal(row["total"]) for row in rows), Decimal()), len(rows)


def check_rights(walk: Walk) -> str:
    """See that the database which was made anew is as closed as the first was."""
    open_to_all = walk.services.ask_database(
        "SELECT has_database_privilege('public', 'lrm', 'CONNECT')"
        " OR has_database_privilege('public', 'lrm', 'TEMPORARY')"
    )
    if open_to_all != "f":
        raise StepFailed("Every user of this PostgreSQL may connect to the restored database.")
    return "the restored database is its owner's alone"


def _check_tokens(walk: Walk) -> None:
    """See that what was sealed before the backup can be opened, by doctor and by its page."""
    told = walk.at.manage("doctor")
    if "can be read" not in told:
        raise StepFailed(f"doctor does not say that tokens can be read: {told}")
    walk.open(CONNECTED_APPS)
    status = walk.page.locator("#xero-name .status").inner_text()
    if "econnect" in status:
        raise StepFailed(f"The card says {status}")
