"""How a learner stands with Xero, in words for people: a pill, a sentence, what was read last."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connected_apps.models import State
from lrm.templatetags import shell
from xero_sync.contacts import push_gate
from xero_sync.contacts.learner_outlook import LinkedContact, Outlook, Standing
from xero_sync.models import LearnerRefresh

# How each standing looks; the icon and the word carry the meaning.
LOOKS: dict[Standing, str] = {
    Standing.NOT_CONNECTED: "idle",
    Standing.BROKEN: "bad",
    Standing.NOT_TICKED: "idle",
    Standing.HELD: "idle",
    Standing.UNSENT: "warn",
    Standing.WAITING: "busy",
    Standing.QUESTION: "warn",
    Standing.REFUSED: "bad",
    Standing.ARCHIVED: "warn",
    Standing.IN_XERO: "ok",
}
# Where a person with a right of their own has to act first, what they do.
_ACTS: dict[Standing, str] = {
    Standing.NOT_CONNECTED: "can connect it on Connected Apps.",
    Standing.BROKEN: "can reconnect it on Connected Apps.",
}


def needs_manager(outlook: Outlook) -> bool:
    """Return whether the sentence names who may act on the connection."""
    return outlook.standing in _ACTS


def sentence(outlook: Outlook, *, managers: Sequence[object], now: datetime) -> SafeString:
    """Return how a learner stands, why, and what comes next.

    :param managers: who may act on the connection, where it stands in the way.
    """
    standing = outlook.standing
    if standing is Standing.HELD:
        return _held(outlook)
    if standing in _ACTS:
        return _of_connection(outlook, managers)
    if standing is Standing.WAITING:
        return _waiting(outlook, now)
    return _WORDS[standing](outlook)


def _held(outlook: Outlook) -> SafeString:
    waiting = push_gate.waiting_in_words(outlook.learner.portal)
    if not outlook.contacts:
        return format_html("{}", waiting)
    return format_html(
        "{} The documents of {} in {} show here.",
        waiting,
        _names(outlook.contacts),
        outlook.organisation,
    )


def _refused(outlook: Outlook) -> SafeString:
    words = outlook.problem or "Xero did not say why"
    end = "" if words.endswith((".", "!", "?")) else "."
    return format_html("{}{} Nothing of this learner was changed in Xero.", words, end)


def _unsent(outlook: Outlook) -> SafeString:
    return format_html(
        "This learner was not sent to {} yet. Sync now sends it.", outlook.organisation
    )


def _archived(outlook: Outlook) -> SafeString:
    return format_html(
        "The contact {} is archived in {}. Its documents show here, but changes made here do not "
        "reach it before somebody restores it in Xero.",
        _names(outlook.contacts[:1]),
        outlook.organisation,
    )


def _not_ticked(outlook: Outlook) -> SafeString:
    if not outlook.contacts:
        return SafeString("Sync to Xero is not ticked, so nothing of this learner is sent to Xero.")
    return format_html(
        "Sync to Xero is not ticked, so changes made here are not sent. The documents of {} in {} "
        "show here.",
        _names(outlook.contacts),
        outlook.organisation,
    )


def _of_connection(outlook: Outlook, managers: Sequence[object]) -> SafeString:
    what = {
        Standing.NOT_CONNECTED: "Xero is not connected. This learner is sent once it is.",
        Standing.BROKEN: "Xero needs reconnecting. Changes made here are sent after that.",
    }[outlook.standing]
    who = shell.alternatives(managers) if managers else "A portal admin with an LRM role"
    return format_html("{} {} {}", what, who, _ACTS[outlook.standing])


def _waiting(outlook: Outlook, now: datetime) -> SafeString:
    connection, push = outlook.connection, outlook.push
    on_its_way = format_html("On the way to {}.", outlook.organisation)
    if connection is not None and connection.state == State.PAUSED:
        return format_html(
            "{} Today's calls to Xero are used up. It goes on by itself{}.",
            on_its_way,
            _at(connection.paused_until, now),
        )
    if push is None or not push.problem:
        return on_its_way
    why = push.problem.rstrip(".")
    if push.not_before is None or push.not_before <= now:
        return format_html("{} {}.", on_its_way, why)
    return format_html("{} {}. Next try{}.", on_its_way, why, _at(push.not_before, now))


def _asked(outlook: Outlook) -> SafeString:
    if outlook.asked:
        return format_html(
            "Nothing is sent to {} before the question below is answered.", outlook.organisation
        )
    return format_html(
        "What was asked has changed in {} meanwhile. Sync now asks anew.", outlook.organisation
    )


def _in_xero(outlook: Outlook) -> SafeString:
    own, others = outlook.contacts[0], outlook.contacts[1:]
    words = format_html(
        "As {} in {}, since {}.", _names([own]), outlook.organisation, shell.when(own.since)
    )
    if not others:
        return words
    return format_html(
        "{} Linked with several contacts: the documents of {} show here too.", words, _names(others)
    )


_WORDS: dict[Standing, Callable[[Outlook], SafeString]] = {
    Standing.NOT_TICKED: _not_ticked,
    Standing.QUESTION: _asked,
    Standing.REFUSED: _refused,
    Standing.UNSENT: _unsent,
    Standing.ARCHIVED: _archived,
    Standing.IN_XERO: _in_xero,
}


def _names(contacts: Sequence[LinkedContact]) -> SafeString:
    """Return the contacts' names as they are in Xero, each with its page: of several, "A and B"."""
    names = [
        format_html('<a href="{}">{}</a>', reverse("contact", args=[contact.pk]), contact.name)
        for contact in contacts
    ]
    *first, last = names
    if not first:
        return last
    return format_html("{} and {}", SafeString(", ".join(first)), last)


def refreshed(refresh: LearnerRefresh | None, *, now: datetime) -> SafeString:
    """Return what *Sync now* is doing or has found; empty where nobody has pressed it."""
    if refresh is None:
        return SafeString()
    if refresh.finished_at is None:
        if not refresh.problem:
            return SafeString("Reading the contact and its documents from Xero…")
        why = refresh.problem.rstrip(".")
        if refresh.not_before is None or refresh.not_before <= now:
            return format_html("Sync now waits: {}.", why)
        return format_html("Sync now waits: {}. Next try{}.", why, _at(refresh.not_before, now))
    at = _at(refresh.finished_at, now)
    if refresh.problem:
        return format_html("Not everything could be read{}: {}.", at, refresh.problem.rstrip("."))
    return format_html("Refreshed{}: {}.", at, found(refresh))


def found(refresh: LearnerRefresh) -> str:
    """Return what Xero had: "3 documents, 1 new"."""
    if not refresh.contact_count:
        return "no contact in Xero yet"
    count = refresh.document_count
    words = [f"{count:,} document{'' if count == 1 else 's'}" if count else "no documents"]
    if refresh.new_count:
        words.append(f"{refresh.new_count:,} new")
    if refresh.changed_count:
        words.append(f"{refresh.changed_count:,} changed")
    if count and not (refresh.new_count or refresh.changed_count):
        words.append("nothing new")
    if refresh.quarantined_count:
        words.append(f"{refresh.quarantined_count:,} could not be saved")
    return ", ".join(words)


def _at(moment: datetime | None, now: datetime) -> SafeString:
    """Return a moment as it follows a verb: " today at 9:14 pm"."""
    return format_html(" {}", shell.at(moment, now)) if moment else SafeString()
