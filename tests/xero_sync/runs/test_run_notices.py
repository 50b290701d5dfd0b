"""Who is told of the end of a run, and that nobody hears the same thing every day."""

from datetime import timedelta

from django.core import mail

from invoices.models import Document
from lrm.models import LrmRole, Notice, User
from tests.support import builders
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE, end_first, request, resync
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import run_requests


def told(person: User) -> list[str]:
    """Return what a person was told under the bell, oldest first."""
    return list(Notice.objects.filter(user=person).order_by("pk").values_list("text", flat=True))


def mailed() -> list[str]:
    """Return to whom mails went, in order of address."""
    return sorted(address for message in mail.outbox for address in message.to)


def test_first_sync_is_told_to_whoever_connected_xero(linked: Linked) -> None:
    colleague = builders.make_user(linked.portal, portal_admin=True)

    linked.work(SyncRun.objects.get(is_first=True))

    (words,) = told(linked.manager)
    assert words.startswith("First sync finished: all 864 documents are here.")
    assert mailed() == [linked.manager.email]
    assert told(colleague) == []


def test_first_sync_is_told_to_the_admins_where_who_connected_has_left(linked: Linked) -> None:
    colleague = builders.make_user(linked.portal, portal_admin=True)
    User.objects.filter(pk=linked.manager.pk).update(is_active=False)

    linked.work(SyncRun.objects.get(is_first=True))

    assert len(told(colleague)) == 1
    assert mailed() == [colleague.email]


def test_difference_that_stays_is_told_to_portal_admins_once(linked: Linked) -> None:
    linked.sweep()
    watcher = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)
    staff = builders.make_user(linked.portal)
    ghost = store_ghost(linked, "GHOST-1")
    Notice.objects.all().delete()
    mail.outbox.clear()

    run = heal(linked, ghost, days=2)
    assert run.state == RunState.DONE_WITH_PROBLEMS

    (words,) = told(watcher)
    assert "GHOST-1: no longer in Xero for these dates" in mail.outbox[0].body
    assert told(linked.manager) == [words]
    assert told(staff) == []
    assert mailed() == sorted([linked.manager.email, watcher.email])

    # The next night finds the same one, in a window that begins and ends elsewhere.
    SyncRun.objects.update(finished_at=clock() - timedelta(days=1))
    assert heal(linked, ghost, days=3).state == RunState.DONE_WITH_PROBLEMS
    assert (len(told(watcher)), len(mail.outbox)) == (1, 2)

    # Another one beside it is news.
    store_ghost(linked, "GHOST-2")
    heal(linked, ghost, days=3)
    assert (len(told(watcher)), len(mail.outbox)) == (2, 4)

    # So is the first one where it comes back when all has been well for days.
    Document.objects.filter(number="GHOST-2").delete()
    SyncRun.objects.update(finished_at=clock() - timedelta(days=5))
    heal(linked, ghost, days=3)
    assert len(told(watcher)) == 3


def test_difference_that_was_healed_is_told_by_the_log_alone(linked: Linked) -> None:
    linked.sweep()
    lost = Document.objects.filter(kind="INVOICE").order_by("date")[100]
    lost.delete()
    Notice.objects.all().delete()
    mail.outbox.clear()

    run = heal(linked, lost, days=2)

    assert run.state == RunState.DONE
    assert not Notice.objects.exists()
    assert mail.outbox == []
    assert run.lines.filter(text__startswith="Complete.").exists()


def test_run_by_command_is_shown_as_such(linked: Linked) -> None:
    end_first(linked)
    resync(linked)

    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    assert "Started by command" in html
    assert "Started by itself," not in html
    assert "Started by itself when Xero was connected" in html


def test_run_by_command_that_ends_with_a_difference_is_told_to_portal_admins(
    linked: Linked,
) -> None:
    linked.sweep()
    ghost = store_ghost(linked, "GHOST-1")
    Notice.objects.all().delete()
    assert ghost.date is not None
    day = ghost.date.isoformat()
    resync(linked, start=day, end=day)

    linked.work(SyncRun.objects.get(is_first=False))

    (words,) = told(linked.manager)
    assert words.startswith("Re-sync of ")
    assert "finished, but not everything is as it is in Xero: 1 document differs." in words


def test_whoever_waits_for_a_run_is_told_that_somebody_cancelled_it(linked: Linked) -> None:
    end_first(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)
    run = request(linked, "2026-01-01", "2026-03-31")
    assert request(linked, "2026-02-01", "2026-02-28", colleague) == run

    run_requests.cancel(run=run, by=linked.manager, now=clock())

    (words,) = told(colleague)
    assert words.startswith(
        f"Re-sync of 1 Jan 2026 to 31 Mar 2026: cancelled by {linked.manager}. "
    )
    assert told(linked.manager) == []
    assert mailed() == [colleague.email]
