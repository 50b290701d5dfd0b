"""Two portals on one organisation: a hold that outlived its portal is lifted by a person."""

import pytest

from connected_apps.models import AuditEvent
from tests.support.contact_desk import Desk
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked, neighbour_of
from tests.support.staff import raise_invoice

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
