"""The state of a run as people read it: word, icon, colour."""

from django import template
from django.utils.safestring import SafeString

from lrm.templatetags import shell
from xero_sync.models import RunState, SyncRun

register = template.Library()

_LOOKS = {
    RunState.QUEUED: "busy",
    RunState.RUNNING: "busy",
    RunState.PAUSED: "warn",
    RunState.VERIFYING: "busy",
    RunState.DONE: "ok",
    RunState.DONE_WITH_PROBLEMS: "warn",
    RunState.CANCELLED: "idle",
    RunState.FAILED: "bad",
}


@register.simple_tag
def run_status(run: SyncRun) -> SafeString:
    """Return the pill of a run."""
    state = RunState(run.state)
    return shell.status(_LOOKS[state], str(state.label))
