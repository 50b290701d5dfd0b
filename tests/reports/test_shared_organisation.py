"""Two portals on one organisation in Xero: each report tells its own learners and rows."""

import pytest

from connected_apps.models import Organisation
from lrm.models import Portal
from tests.support import builders, document_builders

ADDRESSES = ["/reports/0442/", "/reports/0442.csv"]
DATES = {"from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
def organisations(portal: Portal) -> list[Organisation]:
    """Give one organisation in Xero as two portals have it, with one contact and its invoice."""
    ours = document_builders.make_organisation(portal)
    theirs = document_builders.make_organisation(builders.make_portal("Saltbush"))
    Organisation.objects.filter(pk=theirs.pk).update(tenant_id=ours.tenant_id)
    contact = document_builders.make_contact(ours)
    for at, organisation in enumerate((ours, theirs)):
        learner = builders.make_learner(organisation.portal, number=f"OWN-{at}")
        document_builders.link(learner, organisation, contact.xero_id)
        invoice = document_builders.make_document(
            organisation,
            number=f"INV-{at}",
            xero_id=contact.xero_id,
            contact_xero_id=contact.xero_id,
        )
        credit = document_builders.make_document(
            organisation, kind="CREDIT_NOTE", number=f"CN-{at}", status="PAID"
        )
        document_builders.apply_credit(credit, invoice, "10.00")
    return [ours, theirs]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("at", [0, 1])
def test_report_tells_no_learner_of_the_other_portal(
    organisations: list[Organisation], at: int, address: str
) -> None:
    accounts = builders.make_user(organisations[at].portal, accounts=True)

    answer = builders.client_of(accounts).get(address, DATES)

    told = (b"".join(answer) if answer.streaming else answer.content).decode()
    assert f"OWN-{at}" in told
    assert f"INV-{at}" in told
    assert f"OWN-{1 - at}" not in told
    assert f"INV-{1 - at}" not in told
    assert f"CN-{1 - at}" not in told
