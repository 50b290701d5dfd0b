"""Who may read the contacts page and who may act there; and that portals stay apart."""

from typing import Any

import pytest

from connected_apps.models import Connection, State
from invoices.models import ContactLink, ContactLinkChange
from lrm.models import LrmRole, Portal
from tests.support import builders, document_builders
from tests.support.contact_rows import CONTACTS, Office, open_office

READING = ["", "history/", "history/{key}/"]
ACTING = [
    ("find/{learner}./", None),
    ("act/", {"tab": "linked", "only": "unlink {key}"}),
    ("link/", {"pair": "{key}"}),
    ("undo/", {"change": "{line}"}),
]


@pytest.fixture
def office(portal: Portal) -> Office:
    office = open_office(portal, first_name="Alex", last_name="Ironbark")
    office.linked(1)
    return office


def facts(office: Office) -> dict[str, Any]:
    """Return what addresses and forms of the office name."""
    link = ContactLink.objects.get(organisation=office.organisation)
    line, _ = ContactLinkChange.objects.get_or_create(
        organisation=office.organisation,
        learner_id=link.learner_id,
        contact_xero_id=link.contact_xero_id,
        defaults={"at": document_builders.NOW, "change": "MADE", "why": "Made up", "by_name": "X"},
    )
    key = f"{link.learner_id}.{link.contact_xero_id}"
    return {"key": key, "learner": link.learner_id, "line": line.pk}


def call(client: Any, address: str, given: dict[str, str] | None, names: dict[str, Any]) -> Any:
    """Call an address of the page with the names filled in."""
    whole = CONTACTS + address.format(**names)
    if given is None:
        return client.get(whole)
    return client.post(whole, {name: value.format(**names) for name, value in given.items()})


@pytest.mark.parametrize("address", READING)
def test_reading_is_for_portal_admins(office: Office, address: str) -> None:
    names = facts(office)
    onlooker = builders.make_user(office.portal, portal_admin=True, role=LrmRole.NONE)
    colleague = builders.make_user(office.portal)

    seen = [
        call(builders.client_of(person), address, None, names)
        for person in (onlooker, colleague, None)
    ]

    assert [answer.status_code for answer in seen] == [200, 403, 302]
    assert "portal admins" in seen[1].content.decode()
    assert 'method="post" action="/settings' not in seen[0].content.decode().replace(
        'action="/settings/connected-apps/xero/contacts/act/"', ""
    )
    assert "Unlink" not in seen[0].content.decode()


@pytest.mark.parametrize(("address", "given"), ACTING)
def test_acting_needs_an_lrm_role_as_well(
    office: Office, address: str, given: dict[str, str] | None
) -> None:
    names = facts(office)
    onlooker = builders.make_user(office.portal, portal_admin=True, role=LrmRole.NONE)
    colleague = builders.make_user(office.portal)

    for person in (onlooker, colleague):
        answer = call(builders.client_of(person), address, given, names)
        assert answer.status_code == 403
        assert "Alex Ironbark" in answer.content.decode()
    assert ContactLink.objects.count() == 1
    assert call(office.client, address, given, names).status_code in (200, 302)


@pytest.mark.parametrize(
    ("address", "given"), [*ACTING, ("history/{key}/", None), ("find/{learner}./", None)]
)
def test_stranger_finds_none_of_another_portals_rows(
    office: Office, address: str, given: dict[str, str] | None
) -> None:
    names = facts(office)
    stranger = open_office(builders.make_portal("Saltbush Skills Institute"))

    answer = call(stranger.client, address, given, names)

    assert answer.status_code == 404
    assert ContactLink.objects.count() == 1
    assert ContactLinkChange.objects.count() == 1


def test_stranger_sees_nothing_of_another_portal(office: Office) -> None:
    stranger = open_office(builders.make_portal("Saltbush Skills Institute"))

    for tab in ("linked", "questions", "without-contact", "no-learner", "refused", "left-out"):
        assert "Robin" not in stranger.page(tab)


@pytest.mark.parametrize(
    "key", ["", ".", "x.", "1", "999.", ".6d61646e-6f62-4f64-8900-000000000001", "1.no-uuid"]
)
def test_key_that_names_nobody_is_not_found(office: Office, key: str) -> None:
    answer = office.client.post(f"{CONTACTS}act/", {"tab": "linked", "only": f"unlink {key}"})

    assert answer.status_code == (302 if key == "" else 404)
    assert ContactLink.objects.count() == 1


@pytest.mark.parametrize(
    "state", [State.DISCONNECTED_HERE, State.DISCONNECTED_IN_XERO, State.NEEDS_RECONNECTING]
)
def test_page_stays_readable_and_changes_nothing_while_not_connected(
    office: Office, state: State
) -> None:
    Connection.objects.update(state=state)
    names = facts(office)

    page = office.page("linked")
    said = call(office.client, "act/", {"tab": "linked", "only": "unlink {key}"}, names)

    assert "Xero is not connected at the moment." in page
    assert "Robin" in page
    assert 'name="only"' not in page
    assert said.status_code == 302
    assert ContactLink.objects.count() == 1


def test_page_of_a_portal_that_never_connected_says_so(portal: Portal) -> None:
    admin = builders.client_of(builders.make_user(portal, portal_admin=True))

    answer = admin.get(CONTACTS, {"tab": "linked"})

    assert answer.status_code == 200
    assert "Once it is, this page shows" in answer.content.decode()
    assert admin.get(f"{CONTACTS}find/1./").status_code == 404


def test_contacts_are_in_the_settings_and_on_the_card(office: Office) -> None:
    office.refused(2)

    settings = office.client.get("/settings/").content.decode()
    card = office.client.get("/settings/connected-apps/").content.decode()

    assert f'href="{CONTACTS}"' in settings
    assert "Contacts (2 refused)" in card
    assert "wait for a person" in card


def test_report_leads_to_the_contact_that_belongs_to_no_learner(office: Office) -> None:
    contact = document_builders.make_contact(office.organisation, name="Employer & Co")
    document_builders.make_document(
        office.organisation, contact_xero_id=contact.xero_id, contact_name=contact.name
    )
    both = builders.make_user(office.portal, portal_admin=True, accounts=True)
    accounts = builders.make_user(office.portal, accounts=True)
    leads_to = f"{CONTACTS}?tab=no-learner&amp;q=Employer%20%26%20Co"

    assert leads_to in builders.client_of(both).get("/reports/0442/").content.decode()
    assert CONTACTS not in builders.client_of(accounts).get("/reports/0442/").content.decode()
    assert f"key={'x'}" not in office.page("no-learner", q="Employer & Co")
    assert "Employer &amp; Co" in office.page("no-learner", q="Employer & Co")
