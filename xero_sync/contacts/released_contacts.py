"""Contacts that pushes had in view and let go of, without having written to them.

A push that is under way keeps what it is about to write from everybody else: from the other
learners of the portal, and from those of another portal on the same organisation. Where it comes to
nothing (a question, a refusal, a learner that is unticked), whoever was kept from the contact is
derived anew, and their pushes go on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, LinkSource
from xero_sync.contacts import ownership
from xero_sync.models import ContactPush
from xero_sync.store import contact_links


class InView:
    """What the pushes of a batch had in view at some moment of a turn."""

    def __init__(self, batch: Iterable[ContactPush]) -> None:
        self._batch = list(batch)
        self._contact_ids: set[UUID] = set()
        self._numbers: set[str] = set()
        self.note()

    def note(self) -> None:
        """Take up what they have in view now."""
        for push in self._batch:
            if push.contact_xero_id:
                self._contact_ids.add(push.contact_xero_id)
            elif push.known_as or push.sent_version:
                self._numbers.add(ownership.number_sent(push))

    def offer(self, organisation: Organisation, *, now: datetime) -> None:
        """Let others have what was let go of."""
        self.note()
        numbered = Contact.objects.filter(
            organisation=organisation, contact_number__in=self._numbers
        )
        seen = self._contact_ids | set(numbered.values_list("xero_id", flat=True))
        written = ContactLink.objects.filter(
            organisation__tenant_id=organisation.tenant_id,
            contact_xero_id__in=seen,
            source=LinkSource.PUSHED,
        )
        free = seen - set(written.values_list("contact_xero_id", flat=True))
        offer(organisation, free, by=[push.learner_id for push in self._batch], now=now)


def offer(
    organisation: Organisation, contact_ids: Iterable[UUID], *, by: Sequence[int], now: datetime
) -> None:
    """Derive anew whose these contacts are, and let those go on whom a push had kept from them.

    :param by: the learners who let go; what keeps them waiting is something else.
    """
    if not (ids := sorted(contact_ids)):
        return
    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        contact_links.follow_release(organisation, ids, by=by, now=now)
