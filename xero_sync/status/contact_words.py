"""What waits for a person on the contacts page, as the Xero card says it."""

from django.urls import reverse

from connected_apps.card import facts
from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.contact_tabs import tab_counts


def waiting(portal: Portal, organisation: Organisation) -> str:
    """Return what waits: "3 questions, 2 refused"; empty where nothing does."""
    questions, refused = tab_counts.waiting(portal, organisation)
    parts = []
    if questions.number:
        parts.append(f"{questions} question{'' if questions.number == 1 else 's'}")
    if refused.number:
        parts.append(f"{refused} refused")
    return ", ".join(parts)


def facts_of(portal: Portal, organisation: Organisation) -> list[facts.Fact]:
    """Return the line of the card, with the next step; nothing where nothing waits."""
    words = waiting(portal, organisation)
    if not words:
        return []
    step = "Some learners and contacts in Xero wait for a person. Everything else continues."
    address = reverse("xero_contacts")
    return [facts.Fact("Contacts", words, next_step=step, address=address, link="See them")]
