"""Re-syncs by what changed in Xero between two moments: asked for, read, proved, told."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection as database

from invoices.models import Document
from lrm.models import Notice
from tests.support import builders, page_reading
from tests.support.bad_documents import invoice, serve
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import API, PAGE, end_first, log, people
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.pull.date_windows import Window
from xero_sync.resources import Resource
from xero_sync.runs import run_progress


@dataclass(frozen=True)
class Span:
    """Two moments, and the ids of the documents that changed last in between and after."""

    since: datetime
    until: datetime
    within: list[UUID]
    after: list[UUID]

    @property
    def fields(self) -> dict[str, str]:
        """What a person fills in."""
        return {
            "what": "changed",
            "date_from": f"{self.since:%Y-%m-%d}",
            "time_from": f"{self.since:%H:%M}",
            "date_to": f"{self.until:%Y-%m-%d}",
            "time_to": f"{self.until:%H:%M}",
        }


@pytest.fixture
def span(known: Linked) -> Span:
    """Return a span in which some documents changed, by the portal's clock, with some after it."""
    rows = list(
        Document.objects.filter(updated_at__lt=clock() - timedelta(minutes=5))
        .order_by("-updated_at")
        .values_list("updated_at", "xero_id")[:60]
    )
    since, until = (
        rows[place][0].astimezone(known.portal.zone).replace(second=0, microsecond=0)
        for place in (50, 20)
    )
    assert since < until
    changed = Document.objects.filter(updated_at__gte=since)
    within = changed.filter(updated_at__lt=until).values_list("xero_id", flat=True)
    after = changed.filter(updated_at__gte=until).values_list("xero_id", flat=True)
    return Span(since, until, list(within), list(after))


def ask(linked: Linked, span: Span, **other: str) -> SyncRun:
    """Ask by the page for what changed."""
    answer = builders.client_of(linked.manager).post(PAGE, {**span.fields, **other})
    assert answer.status_code == 302, page_reading.text_of(answer.content.decode())
    return SyncRun.objects.filter(what=RunWhat.CHANGED).latest("pk")


def test_what_changed_is_read_whatever_its_date_and_proved(known: Linked, span: Span) -> None:
    lost = span.within[0]
    Document.objects.filter(xero_id=lost).delete()
    Document.objects.filter(xero_id=span.after[0]).delete()
    before = known.world.calls("/api.xro/")

    run = known.work(ask(known, span))

    assert run.state == RunState.DONE, run.reason
    assert run.changed_from == span.since
    assert run.changed_to == span.until
    assert Document.objects.filter(xero_id__in=[lost, span.after[0]]).count() == 2
    assert ours(known) == theirs(known)
    figures = run_progress.progress_of(run)
    assert figures.read == len(span.within) + len(span.after)
    assert figures.new == 2
    assert [(kind.xero_count, kind.our_count) for kind in figures.kinds] == [
        (kind.read, kind.read) for kind in figures.kinds
    ]
    # A page and a look at what changed meanwhile for each kind, and no more.
    assert known.world.calls("/api.xro/") - before <= 8
    assert f"{len(span.within)} of it changed last before" in log(run)
    page = builders.client_of(known.manager).get(PAGE).content.decode()
    first, last = (
        f"{at:%-d %b %Y, %-I:%M}\N{NO-BREAK SPACE}{at:%p}".replace("AM", "am").replace("PM", "pm")
        for at in (span.since, span.until)
    )
    assert f"What changed {first} to {last}" in page
    notice = Notice.objects.filter(user=known.manager).latest("pk")
    assert f"that Xero lists as changed since {first} are here, as it lists them" in notice.text


def test_preview_tells_what_would_be_read(known: Linked, span: Span) -> None:
    runs = SyncRun.objects.count()

    answer = builders.client_of(known.manager).post(PAGE, {**span.fields, "preview": "1"})

    text = page_reading.text_of(answer.content.decode())
    assert f"{len(span.within) + len(span.after)} documents" in text
    assert "Xero tells only of the last change" in text
    assert f'value="{span.since:%H:%M}"' in answer.content.decode()
    assert SyncRun.objects.count() == runs


def test_second_click_finds_the_run_of_the_first(known: Linked, span: Span) -> None:
    today = datetime.now(known.portal.zone).date().isoformat()
    for _ in range(2):
        ask(known, span, date_to=today, time_to="")

    assert SyncRun.objects.filter(what=RunWhat.CHANGED).count() == 1


def test_first_day_of_the_calendar_may_be_asked_for(known: Linked, span: Span) -> None:
    # What a date box makes of 01/01/01. In Sydney it begins in the year before the first.
    run = ask(known, span, date_from="0001-01-01", time_from="", time_to="")

    assert SyncRun.objects.get(pk=run.pk).changed_from == datetime(1970, 1, 1, tzinfo=UTC)
    assert known.work(run).state == RunState.DONE
    assert builders.client_of(known.manager).get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_from": "late"}, "Enter a time such as 09:30"),
        ({"date_from": "2099-01-01", "date_to": "2099-01-02"}, "This moment is in the future"),
        ({"date_to": "2020-01-01", "date_from": "2020-01-01", "time_to": "08:00"}, "not after"),
    ],
)
@pytest.mark.django_db
def test_bad_moments_are_answered_at_the_field(change: dict[str, str], message: str) -> None:
    portal = builders.make_portal()
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    fields = {"what": "changed", "date_from": "2026-03-03", "date_to": "2026-03-05"}

    answer = builders.client_of(manager).post(PAGE, {**fields, "time_from": "09:00", **change})

    # The form stands on the page of a connected portal alone; the answer tells it anyway.
    assert answer.status_code == 422
    assert message in str(answer.context["form"].errors)
    assert not SyncRun.objects.exists()


@pytest.fixture
def stuck(known: Linked, span: Span) -> Iterator[Document]:
    """Give a document whose row the database leaves as it is, whatever is written to it."""
    document = Document.objects.get(xero_id=span.within[0])
    with database.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION leave_it() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF OLD.id = TG_ARGV[0]::bigint THEN RETURN NULL; END IF; RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER leave_it BEFORE UPDATE ON invoices_document"
            f" FOR EACH ROW EXECUTE FUNCTION leave_it({document.pk})"
        )
    yield document
    with database.cursor() as cursor:
        cursor.execute("DROP FUNCTION leave_it CASCADE")


def test_document_that_stays_older_than_xero_lists_it_is_named(
    known: Linked, span: Span, stuck: Document
) -> None:
    """Its count agrees and its sum does: only its version tells."""
    known.world.do("documents", tenant=known.tenant, act="touch", id=str(stuck.xero_id))

    run = known.work(ask(known, span))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert f"{stuck.number or stuck.xero_id} is here in an older version than Xero lists" in (
        run.reason
    )


def test_what_changed_in_the_very_second_counts_as_far_as_xero_lists_it(known: Linked) -> None:
    """Whether that second belongs to the list is not documented."""
    newest = Document.objects.filter(kind="INVOICE").latest("updated_at")
    since = newest.updated_at.replace(microsecond=0)
    window = Window(Resource.INVOICE, since=since)
    count = Document.objects.filter(kind="INVOICE", updated_at__gte=since).count()

    def stored(listed: int | None) -> int:
        return window.stored_count(known.organisation.pk, listed=listed)

    assert [stored(count), stored(count - 1), stored(count + 5)] == [count, count - 1, count]
    assert stored(None) == count - 1


def test_edge_that_xero_does_not_list_makes_up_for_nothing_that_could_not_be_saved(
    linked: Linked,
) -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    later = {"UpdatedDateUTC": f"/Date({1772323200000 + 60_000}+0000)/"}
    of_the_edge = invoice(1)
    others = invoice(2, **later), invoice(3, **later, Total="a lot")
    serve(linked, of_the_edge, *others)
    linked.sweep()
    assert Document.objects.get(number="INV-1").updated_at == since
    # Xero leaves out what changed in the very second that is asked for.
    serve(linked, *others)

    until = since + timedelta(days=1)
    zone = linked.portal.zone
    run = linked.work(ask(linked, Span(since.astimezone(zone), until.astimezone(zone), [], [])))

    assert run.reason == "Invoices: 1 could not be saved"


def test_same_span_twice_is_one_run_and_a_cancelled_one_resumes(known: Linked, span: Span) -> None:
    first = ask(known, span)

    assert ask(known, span) == first
    inner = (span.since + timedelta(minutes=1)).strftime("%H:%M")
    assert ask(known, span, time_from=inner, date_from=f"{span.since:%Y-%m-%d}") == first
    outer = ask(known, span, date_from="2020-01-01")
    assert outer != first
    client = builders.client_of(known.manager)
    client.post(f"{PAGE}{first.pk}/cancel/")
    first.refresh_from_db()
    assert first.state == RunState.CANCELLED
    known.work(outer)
    refused = client.post(f"{PAGE}{first.pk}/resume/", follow=True).content.decode()
    assert "A later re-sync has read all of these" in refused
    outer.delete()
    client.post(f"{PAGE}{first.pk}/resume/")
    assert known.work(first).state == RunState.DONE


def test_api_takes_and_tells_the_moments(known: Linked, span: Span) -> None:
    client = builders.client_of(known.manager)

    preview = client.post(f"{API}preview/", span.fields, content_type="application/json").json()
    answer = client.post(API, span.fields, content_type="application/json")
    bad = client.post(
        API, {**span.fields, "date_from": "2099-01-01"}, content_type="application/json"
    )

    assert preview["total"] == len(span.within) + len(span.after)
    told: dict[str, Any] = answer.json()
    assert answer.status_code == 201
    assert told["what"] == "changed"
    assert datetime.fromisoformat(told["changed_from"]) == span.since
    assert bad.status_code == 400


def test_only_who_may_re_sync_starts_one(known: Linked, span: Span) -> None:
    before = SyncRun.objects.count()

    codes = {
        who: builders.client_of(user).post(PAGE, span.fields).status_code
        for who, user in people(known).items()
        if who != "manager"
    }

    assert codes["watcher"] == codes["staff"] == 403
    assert codes["nobody"] == 302
    assert SyncRun.objects.filter(portal=known.portal).count() == before


def command(linked: Linked, *options: str) -> str:
    """Run the command and return what it said."""
    said = io.StringIO()
    call_command("resync", linked.portal.slug, *options, stderr=said)
    return said.getvalue()


def test_command_asks_by_the_clock_of_the_portal(known: Linked, span: Span) -> None:
    end_first(known)

    said = command(
        known,
        "--changed-from",
        f"{span.since:%Y-%m-%dT%H:%M}",
        "--changed-to",
        span.until.isoformat(),
    )

    run = SyncRun.objects.get(what=RunWhat.CHANGED)
    assert (run.changed_from, run.changed_to, run.by_command) == (span.since, span.until, True)
    assert "is queued" in said
    assert known.work(run).state == RunState.DONE
    # Without an end it is now.
    command(known, "--changed-from", f"{span.since:%Y-%m-%dT%H:%M}")
    latest = SyncRun.objects.filter(what=RunWhat.CHANGED).latest("pk")
    assert latest.changed_to is not None
    assert abs(latest.changed_to - clock()) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--changed-from", "soon"], "is not a moment such as"),
        (["--changed-from", "2099-01-01T00:00"], "--changed-from: This moment is in the future"),
        (
            ["--changed-from", "2026-03-02T00:00", "--changed-to", "2026-03-01T00:00"],
            "--changed-to: The end is not after the start",
        ),
        (["--changed-to", "2026-03-01T00:00"], "needs --changed-from"),
        (["--changed-from", "2026-03-02T00:00", "--from", "2026-03-01"], "neither --from"),
        (["--what", "changed", "--from", "2026-03-01", "--to", "2026-03-02"], "needs --changed"),
        (["--from", "2026-03-01"], "Give the first day and the last one"),
    ],
)
@pytest.mark.django_db
def test_command_names_what_does_not_go_together(options: list[str], words: str) -> None:
    portal = builders.make_portal()

    with pytest.raises(CommandError, match=words):
        call_command("resync", portal.slug, *options)
