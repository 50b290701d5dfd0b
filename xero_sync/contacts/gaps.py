"""What many learners lack that their contacts in Xero could use."""

from django.db.models import Q

from lrm.models import Portal

_NO_EMAIL = Q(email="")
_NO_STATE = Q(region="") | Q(postal_code="")


def counts(portal: Portal, *, ticked: bool = True) -> list[tuple[int, str]]:
    """Return how many of the ticked learners lack something, and what, where any does."""
    learners = portal.learners.filter(sync_to_xero=ticked)
    found = [
        (
            learners.filter(_NO_EMAIL).count(),
            "no e-mail address, so Xero cannot send them invoices",
        ),
        (learners.filter(_NO_STATE).count(), "no state or no postcode"),
    ]
    return [(count, words) for count, words in found if count]
