"""Why a row is where it is: what speaks for a question or a suggestion, what a push waits for."""

from invoices.models import ContactLink, LinkSource
from invoices.rules import identity
from xero_sync.models import ContactPush, PushState

_LINKED = {
    LinkSource.PUSHED: "Made in Xero for this learner, or written after agreement was shown",
    LinkSource.PERSON: "A person said that this is the learner",
    LinkSource.NUMBER: "Number, and name or e-mail address agree",
}
_LINKED_BY_MERGE = "Merged in Xero: a contact of this learner became this one"
_MERGED = {
    identity.Why.MERGED: (
        "Somebody merged the learner's contact into this one in Xero. Its documents show on the "
        "learner's page, but nothing is written over it before somebody answers."
    ),
    identity.Why.MERGED_OTHER: (
        "Somebody merged the learner's contact into this one in Xero, which belongs to another "
        "learner, or has the number of one."
    ),
    identity.Why.MERGED_PORTAL: (
        "Somebody merged the learner's contact in Xero into one of a learner of another portal. "
        "Ask whoever keeps the contacts in Xero which of the two it was meant to be. You can only "
        "say that it is somebody else."
    ),
}
_NOT_SENT = "Not sent yet. Saving the learner or “Send again” sends it."


def of_question(
    why: identity.Why, learner: identity.LearnerFacts, contact: identity.ContactFacts
) -> str:
    """Return why a person is asked whether the two are one."""
    if why is identity.Why.SAME_NAME:
        return (
            "Same name: Xero takes each name once, and this contact has it. "
            "Nothing is sent for the learner before somebody answers."
        )
    if why in _MERGED:
        return _MERGED[why]
    if why is identity.Why.SHARED_EMAIL:
        return "Same number and same e-mail, with another name; somebody else has that e-mail too."
    if learner.email and contact.email:
        return "Same number, with another name and another e-mail."
    return "Same number, with another name; there are no two e-mails to compare."


def of_suggestion(learner: identity.LearnerFacts, contact: identity.ContactFacts) -> str:
    """Return what the two have in common; empty where that is nothing."""
    pair = identity.Pair(learner, contact)
    if pair.names_agree and pair.emails_agree:
        return "Same name and same e-mail"
    if pair.emails_agree:
        return "Same e-mail, with another name"
    if pair.names_agree:
        differs = bool(learner.email and contact.email)
        return f"Same name, {'with another e-mail' if differs else 'no two e-mails to compare'}"
    return ""


def of_link(link: ContactLink) -> str:
    """Return what a link rests on, where its history does not say."""
    if link.evidence == identity.Why.MERGED.value:
        return _LINKED_BY_MERGE
    return _LINKED[LinkSource(link.source)]


def of_push(push: ContactPush | None, *, waiting: str = "") -> tuple[str, str]:
    """Return the look and the words of how far a ticked learner is.

    :param waiting: why nobody is sent yet; empty once somebody has started it.
    """
    is_stuck = push is not None and push.state in (PushState.REFUSED, PushState.QUESTION)
    if waiting and not is_stuck:
        return "idle", waiting
    if push is None:
        return "idle", _NOT_SENT
    if push.state == PushState.REFUSED:
        return "bad", f"Refused: {push.problem}"
    if push.state == PushState.QUESTION:
        return "warn", "Waits for an answer on the tab Questions."
    if push.state == PushState.DONE:
        return "idle", "Was in Xero, and has no contact now. “Send again” finds or makes one."
    if push.problem:
        return "busy", f"Waiting: {push.problem}"
    return "busy", "On its way to Xero."
