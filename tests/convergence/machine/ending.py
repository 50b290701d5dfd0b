"""The end of an example: the faults stop, all work is done, and here is what Xero has.

First the work that waits; then a day, with its checks; then the readings that find what nothing
announced. Nobody asks for a re-sync: the product has to find it by itself.

Nothing happens in Xero any more, so one sweep after the last fault is enough: those that would
follow it every few minutes of those days are left out.
"""

from datetime import timedelta

from tests.convergence.machine.checks import Checks
from tests.convergence.machine.stage import Stage
from xero_sync.models import OPEN_RUNS, Cursor, Delivery, EventState, SyncRun, WebhookEvent
from xero_sync.resources import Resource

# More than any lease and any waiting time that the product chooses by itself.
LONG = timedelta(minutes=20)
_ROUNDS = 24


def end(stage: Stage, checks: Checks) -> None:
    """Let an example end.

    :raises AssertionError: something of Xero's is not here, or is other than there.
    """
    stage.heal()
    for at in stage.portals:
        stage.connect(at)
    # Where the cursors of a new connection begin.
    checks.all()
    stage.world.do("webhooks/flush")
    stage.clock.later(LONG)
    with stage.sweeping_seldom():
        _end(stage, checks)


def _end(stage: Stage, checks: Checks) -> None:
    _drain(stage)
    checks.all()
    _let_a_day_pass(stage, checks)
    _each(stage, "compare")
    for side in stage.stands():
        checks.balances(side)
    # What was read within half a day is not read anew.
    stage.clock.later(timedelta(hours=13))
    _each(stage, "reread")
    _drain(stage)
    for side in stage.stands():
        checks.equality(side)
        checks.pages(side)
    checks.harmed.clear()
    checks.all()


def _let_a_day_pass(stage: Stage, checks: Checks) -> None:
    """Count; and where that led to anything once more soon after."""
    stage.clock.later(timedelta(days=1))
    for _ in range(2):
        _each(stage, "check")
        proven = checks.proof()
        _drain(stage)
        stage.clock.later(LONG)
        if proven == len(Resource) * len(stage.stands()):
            return


def _each(stage: Stage, turn: str) -> None:
    for at in stage.portals:
        stage.work(turn, at)


def _drain(stage: Stage) -> None:
    """Work until nothing waits."""
    for number in range(_ROUNDS):
        stage.beat()
        for turn in ("events", "run", "sweep"):
            _each(stage, turn)
        waiting = _what_waits(stage)
        if not waiting:
            return
        # By and by longer, as the waits of what is rejected grow: to half a day each.
        stage.clock.later(LONG * max(1, number // 4))
    raise AssertionError(f"Never done: {', '.join(waiting)}")


def _what_waits(stage: Stage) -> list[str]:
    ids = [side.organisation_id for side in stage.stands()]
    due = Cursor.objects.filter(organisation_id__in=ids, next_due_at__lte=stage.now())
    found = {
        "deliveries": Delivery.objects.filter(unpacked_at=None).count(),
        "events": WebhookEvent.objects.filter(
            organisation_id__in=ids, state=EventState.PENDING
        ).count(),
        "runs": SyncRun.objects.filter(organisation_id__in=ids, state__in=OPEN_RUNS).count(),
        "sweeps": due.count()
        + Cursor.objects.filter(organisation_id__in=ids).exclude(problem="").count(),
    }
    return [f"{count} {what}" for what, count in found.items() if count]
