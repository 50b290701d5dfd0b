"""The daily count of contacts: what is missing is found and read again by itself."""

from datetime import timedelta
from uuid import uuid4

from invoices.models import Contact
from tests.support.daily_checks import check
from tests.support.linked import Linked, clock
from xero_sync.jobs import leases
from xero_sync.maintenance import daily_check
from xero_sync.models import Cursor
from xero_sync.status import completeness
from xero_sync.sweeps import sweeper


def contacts(linked: Linked) -> Cursor:
    """Return the cursor of contacts."""
    return Cursor.objects.get(organisation=linked.organisation, resource="CONTACT")


def told(linked: Linked) -> str:
    """Return what the card says of the contacts' count."""
    facts = completeness.facts_of(linked.organisation)
    return next((fact.value for fact in facts if fact.label == "Contacts checked against Xero"), "")


def sweep_what_is_due(linked: Linked) -> None:
    """Let a worker sweep what was asked for."""
    assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock) is None


def test_contacts_are_counted_with_the_archived_ones(linked: Linked) -> None:
    linked.sweep()
    some = str(Contact.objects.filter(status="ACTIVE").values_list("xero_id", flat=True)[0])
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=some)

    check(linked)

    cursor = contacts(linked)
    assert cursor.count_in_xero == cursor.count_here == len(linked.books()["contacts"])
    assert cursor.count_due_at is not None
    assert cursor.count_due_at > clock() + timedelta(hours=23)
    assert told(linked) == f"{cursor.count_here} contacts in Xero, {cursor.count_here} here"


def test_contacts_that_are_missing_are_read_again_by_themselves(linked: Linked) -> None:
    linked.sweep()
    lost = list(Contact.objects.values_list("pk", flat=True)[:7])
    Contact.objects.filter(pk__in=lost).delete()

    check(linked)

    assert "7 of the contacts are missing here. All contacts are being read" in told(linked)
    sweep_what_is_due(linked)
    assert Contact.objects.count() == len(linked.books()["contacts"])
    due_at = contacts(linked).count_due_at
    assert due_at is not None
    assert due_at < clock() + timedelta(minutes=11)
    check(linked)
    assert told(linked) == "150 contacts in Xero, 150 here"


def test_what_is_missing_is_found_although_a_sweep_runs_as_it_is_counted(linked: Linked) -> None:
    linked.sweep()
    lost = list(Contact.objects.values_list("pk", flat=True)[:7])
    Contact.objects.filter(pk__in=lost).delete()
    Cursor.objects.update(next_due_at=clock())
    swept = leases.take(Cursor, contacts(linked).pk, now=clock())
    assert swept is not None

    check(linked)

    # Nothing is said of a reading that has not been asked for.
    assert "are missing here" not in told(linked)
    leases.release(swept)
    later = clock() + timedelta(minutes=2)
    daily_check.check(organisation_id=linked.organisation.pk, clock=lambda: later)
    assert "7 of the contacts are missing here. All contacts are being read" in told(linked)
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=lambda: later)
    assert Contact.objects.count() == len(linked.books()["contacts"])


def test_contacts_are_not_read_every_day_where_that_does_not_help(linked: Linked) -> None:
    linked.sweep()
    some = Contact.objects.all()[0]
    some.pk, some.xero_id = None, uuid4()
    some.save()
    check(linked)
    sweep_what_is_due(linked)
    calls = linked.world.calls("/contacts")

    check(linked)
    sweep_what_is_due(linked)

    # Counted twice, since it differs.
    assert linked.world.calls("/contacts") == calls + 2
    assert "1 more of the contacts is here than in Xero. It is checked again" in told(linked)


def test_contacts_of_the_release_before_are_counted_too(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.filter(resource="CONTACT").update(count_due_at=None)

    check(linked)

    assert contacts(linked).counted_at is not None
