"""Adding and editing learners: what is refused, kept, tidied, audited and told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lrm import signals
from lrm.models import Learner, LearnerChange, Portal
from lrm.roster import learners
from tests.support import builders

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def typed(**fields: str) -> dict[str, str]:
    return {"number": "L000123", "given_name": "Robin", "family_name": "Wattle"} | fields


def test_learner_is_stored_with_every_field_when_added(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))
    everything = typed(
        email="robin@example.com",
        phone="02 5550 1234",
        mobile="0491 570 006",
        address_line="1 Creek Road",
        city="Dubbo",
        region="NSW",
        postal_code="2830",
        country="Australia",
        sync_to_xero="on",
    )

    response = client.post("/learners/new/", everything)

    learner = portal.learners.get()
    stored = {name: getattr(learner, name) for name in everything}
    assert stored == everything | {"sync_to_xero": True}
    assert response["Location"] == f"/learners/{learner.id}/"


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"number": ""}, "number", "Enter a learner number"),
        ({"number": "   "}, "number", "Enter a learner number"),
        ({"family_name": ""}, "family_name", "Enter the family name."),
        ({"email": "robin at example"}, "email", "Enter an e-mail address such as"),
        ({"number": "L" * 51}, "number", "at most 50 characters"),
        ({"given_name": "a" * 101}, "given_name", "at most 100 characters"),
        ({"city": "Dub\x00bo"}, "city", "Null characters are not allowed."),
        ({"number": "TAKEN"}, "number", "Another learner has this number."),
        ({"number": "  TAKEN "}, "number", "Another learner has this number."),
    ],
)
def test_error_stands_at_the_field_and_the_form_keeps_what_was_typed(
    portal: Portal, fields: dict[str, str], field: str, message: str
) -> None:
    builders.make_learner(portal, number="TAKEN")
    client = builders.client_of(builders.make_user(portal))

    response = client.post("/learners/new/", typed(address_line="7 Kept Street", **fields))

    errors: Any = response.context["form"].errors
    assert response.status_code == 422
    assert list(errors) == [field]
    assert message in errors[field][0]
    assert "7 Kept Street" in response.content.decode()
    assert portal.learners.count() == 1


def test_number_may_be_used_again_when_the_other_learner_is_in_another_portal(
    portal: Portal,
) -> None:
    builders.make_learner(builders.make_portal("Saltbush"), number="L000123")
    client = builders.client_of(builders.make_user(portal))

    client.post("/learners/new/", typed())

    assert portal.learners.get().number == "L000123"


def test_learner_keeps_its_number_when_edited(portal: Portal) -> None:
    learner = builders.make_learner(portal, number="L000123")
    client = builders.client_of(builders.make_user(portal))

    response = client.post(f"/learners/{learner.id}/edit/", typed(given_name="Changed"))

    learner.refresh_from_db()
    assert response.status_code == 302
    assert (learner.number, learner.given_name) == ("L000123", "Changed")


@pytest.mark.parametrize(
    "number",
    ["A\\7", "\uff217", "\U0001f600" * 26, "A\u200b7"],
    ids=["backslash", "full-width", "too-long", "hidden"],
)
def test_learner_of_before_the_rules_can_be_edited_while_the_number_stays(
    portal: Portal, number: str
) -> None:
    learner = builders.make_learner(portal, number=number)
    client = builders.client_of(builders.make_user(portal))

    page = client.get(f"/learners/{learner.id}/edit/").content.decode()
    response = client.post(
        f"/learners/{learner.id}/edit/", typed(number=number, email="robin@example.com")
    )

    learner.refresh_from_db()
    assert "While the number stays as it is, everything else can be changed here." in page
    assert response.status_code == 302
    assert (learner.number, learner.email) == (number, "robin@example.com")
    assert "number" not in LearnerChange.objects.latest("id").fields


def test_number_is_held_against_the_rules_once_it_is_changed(portal: Portal) -> None:
    learner = builders.make_learner(portal, number="A\\7")
    client = builders.client_of(builders.make_user(portal))

    refused = client.post(f"/learners/{learner.id}/edit/", typed(number="A\\8"))
    accepted = client.post(f"/learners/{learner.id}/edit/", typed(number="A/7"))

    learner.refresh_from_db()
    errors: Any = refused.context["form"].errors
    assert "Xero cannot take \\ in a number." in errors["number"][0]
    assert accepted.status_code == 302
    assert learner.number == "A/7"
    page = client.get(f"/learners/{learner.id}/edit/").content.decode()
    assert "While the number stays" not in page


def test_heading_keeps_the_stored_name_when_the_form_has_errors(portal: Portal) -> None:
    learner = builders.make_learner(portal, given_name="Stored", family_name="Name")
    client = builders.client_of(builders.make_user(portal))

    response = client.post(f"/learners/{learner.id}/edit/", typed(given_name="Typed", number=""))

    page = response.content.decode()
    assert "<h1>Edit Stored Name</h1>" in page
    assert 'value="Typed"' in page


def test_spaces_are_tidied_when_a_learner_is_saved(portal: Portal) -> None:
    client = builders.client_of(builders.make_user(portal))

    client.post("/learners/new/", typed(given_name="  Mary \t Ann ", city=" Alice   Springs "))

    learner = portal.learners.get()
    assert (learner.given_name, learner.city) == ("Mary Ann", "Alice Springs")


def test_markup_in_a_name_is_shown_as_text(portal: Portal) -> None:
    learner = builders.make_learner(portal, given_name="<script>x</script>", number='"><b>')
    client = builders.client_of(builders.make_user(portal))

    page = client.get(f"/learners/{learner.id}/").content.decode()

    assert "<script>x" not in page
    assert "<b>" not in page


def save(portal: Portal, learner: Learner | None = None, **fields: Any) -> Learner:
    return learners.save_learner(
        portal=portal,
        learner=learner,
        details=learners.LearnerDetails(**(typed() | fields)),
        by=builders.make_user(portal),
        now=NOW,
    )


def test_save_audits_who_when_and_which_fields(portal: Portal) -> None:
    learner = save(portal)

    save(portal, learner, email="new@example.com", given_name="Robin")

    changes = list(LearnerChange.objects.filter(learner=learner).order_by("id"))
    assert [(change.created, change.fields) for change in changes] == [
        (True, []),
        (False, ["email"]),
    ]
    assert [change.at for change in changes] == [NOW, NOW]
    assert changes[1].fields_in_words == "E-mail"


def test_save_tells_listeners_once_with_created_and_not_when_nothing_changed(
    portal: Portal,
) -> None:
    told: list[tuple[str, bool]] = []

    def listen(sender: Any, *, learner: Learner, created: bool, **kwargs: Any) -> None:
        told.append((learner.email, created))

    signals.learner_saved.connect(listen)
    try:
        learner = save(portal)
        save(portal, learner, email="new@example.com")
        save(portal, learner, email="new@example.com ")
    finally:
        signals.learner_saved.disconnect(listen)

    assert told == [("", True), ("new@example.com", False)]


def test_learner_is_not_saved_when_a_listener_fails(portal: Portal) -> None:
    class ListenerFailed(Exception):
        pass

    def fail(sender: Any, **kwargs: Any) -> None:
        raise ListenerFailed

    signals.learner_saved.connect(fail)
    try:
        with pytest.raises(ListenerFailed):
            save(portal)
    finally:
        signals.learner_saved.disconnect(fail)

    assert not portal.learners.exists()
    assert not LearnerChange.objects.exists()


def test_taken_number_is_its_own_error_when_saved_past_the_form(portal: Portal) -> None:
    save(portal)

    with pytest.raises(learners.LearnerNumberTaken):
        save(portal)

    assert portal.learners.count() == 1
