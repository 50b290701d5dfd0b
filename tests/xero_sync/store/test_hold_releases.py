"""A hold of a portal that is gone, which a third portal's learner would take up at once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from connected_apps.models import Connection, Organisation, State
from invoices.models import ContactLink, LinkSource
from lrm.models import User
from tests.support import builders
from tests.support.contact_pages import contact, save, store
from xero_sync.store import hold_releases, link_decisions

A, B = (UUID(int=n) for n in range(1, 3))
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def portal_on(tenant_id: UUID, state: State) -> tuple[User, Organisation]:
    """Return somebody of another portal on the same organisation in Xero."""
    portal = builders.make_portal("Saltbush")
    user = builders.make_user(portal, portal_admin=True)
    organisation = Organisation.objects.create(portal=portal, tenant_id=tenant_id, name="The same")
    Connection.objects.create(
        portal=portal, organisation=organisation, state=state, state_since=NOW
    )
    return user, organisation


def merged(contact_id: UUID, number: str, name: str, into: UUID | None = None) -> Any:
    more = {"MergedToContactID": str(into), "ContactStatus": "ARCHIVED"} if into else {}
    return contact(number, name, ContactID=str(contact_id), **more)


@pytest.mark.parametrize("is_gone", [False, True])
def test_hold_that_a_third_portal_would_have_at_once_is_not_said_to_be_lifted(
    organisation: Organisation, staff: User, is_gone: bool
) -> None:
    gone, theirs = portal_on(organisation.tenant_id, State.DISCONNECTED_HERE)
    state = State.DISCONNECTED_IN_XERO if is_gone else State.CONNECTED
    third, of_third = portal_on(organisation.tenant_id, state)
    for each in (organisation, theirs, of_third):
        store(each, merged(A, "L3", "Cem Kelly", B), merged(B, "L1", "Wattle Household"))
    holder = save(gone, number="L9")
    link_decisions.link(organisation=theirs, learner_id=holder.pk, contact_id=B, by=gone, now=NOW)
    asked = save(third, number="L3", given_name="Cem")

    def release() -> None:
        hold_releases.release_other_portal(
            organisation=organisation, contact_id=B, by=staff, now=NOW
        )

    if is_gone:
        release()
    else:
        with pytest.raises(link_decisions.NotPossible, match="would have this contact at once"):
            release()

    links = ContactLink.objects.filter(contact_xero_id=B, source=LinkSource.PERSON)
    assert set(links.values_list("learner_id", flat=True)) == (set() if is_gone else {holder.pk})
    assert ContactLink.objects.filter(learner=asked, contact_xero_id=A).exists()
