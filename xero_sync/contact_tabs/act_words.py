"""What acts are called, before and after."""

from lrm.models import BatchJob
from xero_sync.contact_tabs.acts import Act, Failure, Outcome
from xero_sync.contact_tabs.tabs import LABELS, LEFT_OUT_LABELS, LeftOut, Tab

# On a button for many rows: of the checked ones, of all.
BUTTONS: dict[Act, str] = {
    Act.ACCEPT: "Yes, same person",
    Act.REJECT: "No, somebody else",
    Act.UNLINK: "Unlink",
    Act.RETRY: "Send again",
    Act.RELEASE: "Lift the hold",
}
SUGGESTED = "Accept suggestions"
_DONE: dict[Act, str] = {
    Act.ACCEPT: "linked",
    Act.REJECT: "answered with no",
    Act.UNLINK: "unlinked",
    Act.RETRY: "on the way to Xero again",
    Act.RELEASE: "free of the other portal's hold",
}
_MEANING: dict[Act, str] = {
    Act.ACCEPT: (
        "Each contact is linked with its learner: its documents show on the learner's page, and "
        "where the learner is ticked, the contact takes its number, name and details, which stay "
        "in Xero also where the link is undone."
    ),
    Act.REJECT: (
        "Nobody is asked about these again. A ticked learner goes on without that contact; where "
        "the contact keeps the learner's number, the learner needs another one to reach Xero."
    ),
    Act.UNLINK: (
        "The documents of each contact no longer show on its learner's page, and nothing links the "
        "two again. The contact in Xero stays as it is. A ticked learner gets another contact."
    ),
    Act.RETRY: "Each learner is sent to Xero again, as if it had just been saved.",
}
_MOST_NAMED = 3


def button(act: Act, tab: Tab | LeftOut) -> str:
    """Return the words of a button for many rows of a tab."""
    is_suggested = act is Act.ACCEPT and tab is not Tab.QUESTIONS
    return SUGGESTED if is_suggested else BUTTONS[act]


def meaning(act: Act) -> str:
    """Return what an act does, for whoever is about to do it to many."""
    return _MEANING.get(act, "")


def done(act: Act, outcome: Outcome) -> str:
    """Return what an act came to: "3 linked"."""
    return f"{outcome.done:,} {_DONE[act]}."


def undone(outcome: Outcome) -> str:
    """Return what an undoing came to."""
    return f"{outcome.done:,} put back as {'it was' if outcome.done == 1 else 'they were'}."


def not_done(failures: list[Failure]) -> str:
    """Return what could not be done, and why, by name of the first few."""
    named = " ".join(f"{each.name}: {each.reason}" for each in failures[:_MOST_NAMED])
    rest = len(failures) - _MOST_NAMED
    more = f" And {rest:,} more." if rest > 0 else ""
    left = "left as it is" if len(failures) == 1 else "left as they are"
    return f"{len(failures):,} {left}. {named}{more}"


def label(tab: Tab | LeftOut) -> str:
    """Return the name of a tab or of a part of the last one."""
    return LEFT_OUT_LABELS[tab] if isinstance(tab, LeftOut) else LABELS[tab]


def title_of_job(job: BatchJob) -> str:
    """Return the heading of an act in the background."""
    if job.params.get("of_job"):
        return f"Undoing what was done to {job.total:,} contacts"
    act, tab = Act(job.params["act"]), Tab(job.params["tab"])
    return f"{button(act, tab)}: {job.total:,} of “{label(tab)}”"


def outcome_of_job(job: BatchJob) -> str:
    """Return what an act in the background came to."""
    left = f" {job.failed:,} left as they are." if job.failed else ""
    if job.params.get("of_job"):
        return f"{job.changed:,} put back as they were.{left}"
    return f"{job.changed:,} {_DONE[Act(job.params['act'])]}.{left}"
