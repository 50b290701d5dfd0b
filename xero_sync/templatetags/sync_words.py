"""The state of a run as people read it: word, icon, colour."""

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from invoices import amounts
from lrm.templatetags import shell
from xero_sync.models import RunState, SyncRun
from xero_sync.runs.run_progress import KindProgress, Stage

register = template.Library()

_LOOKS = {
    RunState.QUEUED: "busy",
    RunState.RUNNING: "busy",
    RunState.PAUSED: "warn",
    RunState.VERIFYING: "busy",
    RunState.DONE: "ok",
    RunState.DONE_WITH_PROBLEMS: "warn",
    RunState.CANCELLED: "idle",
}
_STAGE_LOOKS = {
    Stage.WAITING: "idle",
    Stage.READING: "busy",
    Stage.READ: "ok",
    Stage.COMPLETE: "ok",
    Stage.DIFFERS: "warn",
}


@register.simple_tag
def run_status(run: SyncRun, has_stalled: bool = False) -> SafeString:
    """Return the pill of a run; "Stalled" where it should go on but nobody works on it."""
    if has_stalled:
        return shell.status("bad", "Stalled")
    state = RunState(run.state)
    return shell.status(_LOOKS[state], str(state.label))


@register.simple_tag
def money_text(currency: str, amount: str) -> str:
    """Return a kept amount with its currency; a dash where it is not known."""
    return f"{currency} {amounts.grouped(Decimal(amount))}" if amount else shell.NOTHING


@register.simple_tag
def stage_status(kind: KindProgress) -> SafeString:
    """Return the pill of one kind of a run."""
    return shell.status(_STAGE_LOOKS[kind.stage], str(kind.stage.label))
