"""Two portals on one organisation: a hold that outlived its portal is lifted by a person."""

import pytest

from connected_apps.models import AuditEvent
from tests.support.contact_desk import CONTACTS, Desk
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked, neighbour_of
from tests.support.staff import make_by_hand, merge, raise_invoice

DISCONNECT = "/settings/connected-apps/xero/disconnect/"


@pytest.fixture
def desk(linked: Linked) -> Desk:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return Desk(linked)


@pytest.fixture
def neighbours(desk: Desk) -> Desk:
    """Another portal that is confirmed on the same organisation."""
    other = neighbour_of(desk.linked)
    other.sweep()
    return Desk(other)


def test_hold_is_lifted_once_the_other_portal_is_gone_and_not_before(
    desk: Desk, neighbours: Desk
) -> None:
    desk.save(ticked=True, number="1001")
    desk.push()
    mine = contacts_numbered(desk.linked, "1001")[0]["contact_id"]
    invoice = raise_invoice(desk.linked, mine)
    neighbours.linked.sweep()
    theirs = neighbours.save(ticked=True, number="1001", given_name="Ben", email="ben@example.com")
    neighbours.push()
    key = f"{theirs.pk}.{mine}"

    assert "taken by a contact of another portal" in neighbours.words("refused")
    assert "Another portal" in neighbours.words("refused")
    assert f"release {key}" not in neighbours.page("refused")
    said = neighbours.post("act/", {"tab": "refused", "only": f"release {key}"})
    assert "The portal that has this contact is connected to the organisation." in said
    answer = desk.client.post(DISCONNECT, {"confirmed": "yes"})
    assert answer.status_code == 302

    said = neighbours.press("refused", f"release {key}")
    neighbours.push()

    assert "free of the other portal" in said
    assert AuditEvent.objects.get(action="CONTACT_TAKEN_OVER").actor == neighbours.linked.manager
    assert neighbours.counts()["refused"] == "0"
    assert neighbours.shown(theirs) == set()
    neighbours.press("questions", f"accept {key}")
    neighbours.push()
    assert neighbours.shown(theirs) == {invoice}
    assert contacts_numbered(desk.linked, "1001")[0]["given_name"] == "Ben"


def test_hold_by_a_merge_is_lifted_and_does_not_come_back(desk: Desk, neighbours: Desk) -> None:
    """The gone portal's learner is linked by number to what was merged into the contact."""
    linked = desk.linked
    loser = make_by_hand(linked, name="Imogen Made-Up", number="1001")
    mine = make_by_hand(linked, name="Ben Made-Up")
    linked.sweep()
    desk.save(ticked=False, number="1001", email="")
    merge(linked, loser, mine, number="moves")
    invoice = raise_invoice(linked, mine)
    for each in (linked, neighbours.linked):
        each.sweep()
    theirs = neighbours.save(ticked=True, number="1001", given_name="Ben", email="ben@example.com")
    neighbours.push()
    assert "taken by a contact of another portal" in neighbours.words("refused")
    assert desk.client.post(DISCONNECT, {"confirmed": "yes"}).status_code == 302

    said = neighbours.press("refused", f"release {theirs.pk}.{mine}")
    neighbours.push()

    assert "free of the other portal" in said
    assert neighbours.counts()["refused"] == "0"
    assert neighbours.shown(theirs) == {invoice}


def test_tabs_of_two_portals_stay_apart(desk: Desk, neighbours: Desk) -> None:
    ours = desk.save(ticked=True, number="1001")
    desk.push()
    neighbours.linked.sweep()

    assert "Imogen Made-Up (1001)" in desk.words("linked", q="1001")
    assert "Imogen Made-Up (1001)" not in neighbours.words("linked", q="1001")
    key = f"{ours.pk}.{contacts_numbered(desk.linked, '1001')[0]['contact_id']}"
    answer = neighbours.client.post(
        "/settings/connected-apps/xero/contacts/act/", {"tab": "linked", "only": f"unlink {key}"}
    )
    assert answer.status_code == 404
    assert "Imogen Made-Up (1001)" in desk.words("linked", q="1001")


def test_contacts_of_the_other_portals_learners_are_named_nowhere(
    desk: Desk, neighbours: Desk
) -> None:
    """Their names and addresses are not this portal's to see, however alike its own learner is."""
    desk.save(ticked=True, number="1001")
    desk.push()
    mine = contacts_numbered(desk.linked, "1001")[0]
    raise_invoice(desk.linked, mine["contact_id"])
    neighbours.linked.sweep()
    alike = neighbours.save(ticked=False, number="77", given_name="Imo", family_name="Gen")
    neighbours.save(alike, ticked=True, number="77", given_name="Imo", family_name="Gen")

    row = neighbours.words("no-learner", q="1001")
    assert "A contact of another portal" in row
    pages = [
        *(row, neighbours.words("no-learner"), neighbours.words("without-contact")),
        neighbours.client.get(f"{CONTACTS}find/{alike.pk}./", {"find": "1001"}).content.decode(),
    ]
    for page in pages:
        assert mine["name"] not in page
        assert "AUD 110.00" not in page
    assert mine["email"] not in row
    of_it = neighbours.client.get(f"{CONTACTS}find/.{mine['contact_id']}/")
    assert of_it.status_code == 404

    assert desk.client.post(DISCONNECT, {"confirmed": "yes"}).status_code == 302
    assert mine["name"] in neighbours.words("no-learner", q="1001")
