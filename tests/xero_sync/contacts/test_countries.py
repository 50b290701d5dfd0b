"""Countries as people type them: kept as typed here, and in plain letters in Xero."""

from typing import Any

import pytest

from lrm.models import Learner
from tests.support.learners import contacts_numbered
from tests.support.resyncs import ask
from tests.support.staff import Staff
from xero_sync.contacts import contact_fields, field_comparison
from xero_sync.models import ContactPush, PushState, RunState

HERE: dict[str, Any] = {"address_line": "1 Quay Street", "city": "Town"}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Australia", "Australia"),
        ("New Zealand", "New Zealand"),
        ("Côte d'Ivoire", "Cote d Ivoire"),
        ("Timor-Leste", "Timor Leste"),
        ("Korea, Republic of", "Korea Republic of"),
        ("Bosnia & Herzegovina", "Bosnia Herzegovina"),
        ("São Tomé\u00a0 e  Príncipe", "Sao Tome e Principe"),
        ("Fo\u0308royar", "Foroyar"),
        ("Færøerne", "Faeroerne"),
        ("U.S.A.", "U S A"),
        ("\u65e5\u672c", ""),
        ("61", ""),
        ("", ""),
        (f"{'A' * 49} \u00e9", "A" * 49),
        ("\ufb03" * 50, "ffi" * 16 + "ff"),
    ],
)
def test_country_goes_in_plain_letters(typed: str, sent: str) -> None:
    assert contact_fields.country_of(typed) == sent
    learner = Learner(number="L1", family_name="Made-Up", city="Town", country=typed)
    (address,) = contact_fields.contact_of(learner)["Addresses"]
    assert address.get("Country", "") == sent
    assert "Country" not in address or address["Country"]


@pytest.mark.parametrize("typed", ["Côte d'Ivoire", "Timor-Leste", "Korea, Republic of"])
def test_learner_of_a_country_with_signs_reaches_xero_and_agrees(staff: Staff, typed: str) -> None:
    learner = staff.save(ticked=True, country=typed, **HERE)

    staff.push()

    push = ContactPush.objects.get()
    assert (push.state, push.problem) == (PushState.DONE, "")
    assert learner.country == typed
    (contact,) = contacts_numbered(staff.linked, "L900001")
    (address,) = contact["addresses"]
    assert address["country"] == contact_fields.country_of(typed)
    posts = staff.linked.world.calls("/contacts", "POST")
    assert staff.linked.work(ask(staff.linked)).state == RunState.DONE
    staff.save(learner, ticked=True, country=typed.upper(), **HERE)
    staff.push()
    assert staff.linked.world.calls("/contacts", "POST") == posts + 1


def test_country_in_signs_that_xero_has_itself_is_no_difference() -> None:
    learner = Learner(number="L1", family_name="Made-Up", city="Town", country="Timor-Leste")

    for theirs, differs in (("Timor-Leste", []), ("Timor Leste", []), ("Fiji", ["address"])):
        contact = {
            "Name": "Made-Up",
            "ContactNumber": "L1",
            "LastName": "Made-Up",
            "Addresses": [{"AddressType": "STREET", "City": "Town", "Country": theirs}],
        }
        assert field_comparison.differing(learner, contact) == differs
