"""Reports by e-mail on a schedule: made by people, sent once, to those who still may read them."""

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Connection, Organisation
from lrm.models import Notice, Portal, User
from lrm.personal_data import erasure, holdings
from reports.models import (
    Cadence,
    ReportLetter,
    ReportSchedule,
    ReportScheduleChange,
    ReportSending,
    SendingState,
)
from reports.schedules import due_times, sendings
from tests.support import builders as people
from tests.support import page_reading
from tests.support.report_schedules import DAY, FORM, HOUR, LIST, NEW, NOW, make, send
from xero_sync.jobs import leases


def text_of(client: Client, address: str = LIST) -> str:
    """Return what people read on a page."""
    return page_reading.text_of(client.get(address).content.decode())


def test_person_makes_a_schedule_from_the_report_and_sees_its_next_time(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    colleague = people.make_user(portal, portal_admin=True, first_name="Alex")
    people.make_user(portal, first_name="Without Right")
    people.make_user(people.make_portal(), accounts=True, first_name="Stranger")

    page = text_of(client, f"{NEW}?report=0442&{FORM['query']}&after=x")
    schedule = make(client, maker, colleague)

    assert "Alex" in page
    assert "Without Right" not in page
    assert "Stranger" not in page
    assert schedule.query == "date_from=&date_to=&currency=AUD"
    assert (schedule.next_at.astimezone(portal.zone).weekday(), schedule.hour) == (0, 8)
    listed = text_of(client)
    assert "Every Monday at 8:00 am" in listed
    assert "Schedule made #0442 Synced invoices Ari Grevillea" in listed
    assert mail.outbox == []


def test_second_press_makes_no_second_schedule(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    colleague = people.make_user(portal, accounts=True)

    first, second = make(client, maker, colleague), make(client, colleague, maker)

    assert second == first
    assert ReportSchedule.objects.count() == 1
    assert ReportScheduleChange.objects.count() == 1
    assert send(first.next_at) == 1
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("other", ["hour", "recipients", "person", "later", "paused"])
def test_schedule_is_made_beside_one_that_only_resembles_it(
    organisation: Organisation, portal: Portal, maker: User, client: Client, other: str
) -> None:
    colleague = people.make_user(portal, accounts=True)
    first = make(client, maker)
    if other == "person":
        client = people.client_of(colleague)
    if other == "later":
        ReportSchedule.objects.update(made_at=first.made_at - datetime.timedelta(minutes=2))
    if other == "paused":
        client.post(f"{LIST}{first.pk}/pause/")

    make(
        client,
        *([maker, colleague] if other == "recipients" else [maker]),
        **({"hour": "9"} if other == "hour" else {}),
    )

    assert ReportSchedule.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"recipients": []}, "Choose somebody to send it to."),
        ({"recipients": ["999999"]}, "Select a valid choice"),
        ({"hour": "24"}, "Choose an hour from the list."),
        ({"cadence": "DAILY"}, "Choose how often from the list."),
        ({"span": "ALWAYS"}, "Choose which dates from the list."),
        ({"report": "0443", "span": "THIS_YEAR"}, "Choose which dates from the list."),
        ({"query": "currency=A$"}, "Choose a currency from the list."),
        ({"query": f"q={'x' * 1200}"}, "too long"),
        ({"query": "learner=NOBODY"}, "No learner here has the number NOBODY."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    organisation: Organisation,
    maker: User,
    client: Client,
    fields: dict[str, Any],
    message: str,
) -> None:
    answer = client.post(NEW, {**FORM, "recipients": [maker.pk], **fields})

    assert answer.status_code == 400
    assert message in page_reading.text_of(answer.content.decode())
    assert not ReportSchedule.objects.exists()


def test_stranger_and_colleague_can_neither_be_sent_it_nor_touch_it(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    colleague = people.make_user(portal)
    stranger = people.make_user(people.make_portal(), accounts=True)
    refused = client.post(NEW, {**FORM, "recipients": [colleague.pk, stranger.pk]})
    schedule = make(client, maker)

    assert refused.status_code == 400
    for act in ("send", "pause", "resume", "end"):
        address = f"{LIST}{schedule.pk}/{act}/"
        assert people.client_of(stranger).post(address).status_code == 404
        assert people.client_of(colleague).post(address).status_code == 403
        assert client.get(address).status_code == 405
    assert "Every Monday" not in text_of(people.client_of(stranger))
    assert not ReportSending.objects.exists()
    schedule.refresh_from_db()
    assert (schedule.is_paused, schedule.ended_at) == (False, None)


def test_what_is_due_is_sent_once_to_each_with_the_file(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    colleague = people.make_user(portal, accounts=True)
    schedule = make(client, maker, colleague)
    due = schedule.next_at

    assert send(due - HOUR) == 0
    # Two beats, and a worker that comes late.
    assert [sendings.note_due(now=due), sendings.note_due(now=due)] == [1, 0]
    send(due)
    send(due + HOUR)

    assert sorted(message.to[0] for message in mail.outbox) == sorted(
        [maker.email, colleague.email]
    )
    message = mail.outbox[0]
    assert message.subject == "#0442 Synced invoices: All dates"
    assert message.body.startswith("Up to date.")
    assert "/reports/0442/?date_from=&date_to=&currency=AUD" in message.body
    name, content, _ = message.attachments[0]
    assert name.startswith(f"report-0442-{portal.slug}-all-dates")
    rows = list(
        openpyxl.load_workbook(io.BytesIO(content))["Documents"].iter_rows(values_only=True)
    )
    assert [row[1] for row in rows[1:]] == ["INV-1"]
    schedule.refresh_from_db()
    assert schedule.next_at == due + 7 * DAY
    sending = ReportSending.objects.get()
    assert (sending.state, sending.due_at) == (SendingState.DONE, due)
    assert "To 2 people" in text_of(client)


def test_worker_that_is_killed_half_way_leaves_the_rest_to_the_next(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    colleague = people.make_user(portal, accounts=True)
    due = make(client, maker, colleague).next_at
    sendings.note_due(now=due)
    killed = leases.take(ReportSending, ReportSending.objects.get().pk, now=due)
    assert killed
    ReportLetter.objects.create(sending=killed, user=maker, outcome="SENT", at=due)

    send(due + HOUR / 60)
    while_leased = len(mail.outbox)
    send(due + HOUR)

    assert while_leased == 0
    assert [message.to for message in mail.outbox] == [[colleague.email]]
    with pytest.raises(leases.LeaseLost):
        leases.renew(killed, now=due + HOUR)


def test_rights_are_looked_at_again_when_it_is_sent(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    off, without, nowhere, moved = (
        people.make_user(portal, accounts=True, first_name=name)
        for name in ("Off", "Without", "Nowhere", "Moved")
    )
    due = make(client, maker, off, without, nowhere, moved).next_at
    User.objects.filter(pk=off.pk).update(is_active=False)
    User.objects.filter(pk=without.pk).update(is_accounts=False)
    User.objects.filter(pk=nowhere.pk).update(email="")
    User.objects.filter(pk=moved.pk).update(portal=people.make_portal())

    send(due)

    assert [message.to for message in mail.outbox] == [[maker.email]]
    told = Notice.objects.get(user=maker).text
    for name in ("Off", "Without", "Moved"):
        assert f"{name}: may not read the report any more" in told
    assert "Nowhere: has no e-mail address" in told
    assert ReportSending.objects.get().state == SendingState.DONE


def test_incomplete_figures_are_said_in_subject_first_line_and_file(
    organisation: Organisation, maker: User, client: Client
) -> None:
    due = make(client, maker, attached="CSV").next_at
    Connection.objects.update(state="DISCONNECTED_IN_XERO")

    send(due)

    message = mail.outbox[0]
    assert message.subject.startswith("[Incomplete] #0442")
    assert message.body.startswith("Not up to date. Xero was disconnected")
    assert message.attachments[0][0].endswith("-incomplete.csv")


def test_paused_sends_nothing_until_it_is_continued_and_one_may_be_sent_meanwhile(
    organisation: Organisation, maker: User, client: Client
) -> None:
    schedule = make(client, maker, attached="LINK")
    due = schedule.next_at
    client.post(f"{LIST}{schedule.pk}/pause/")

    send(due + HOUR)
    unsent = len(mail.outbox)
    for _ in range(2):
        client.post(f"{LIST}{schedule.pk}/send/")
    send(due + 2 * HOUR)
    client.post(f"{LIST}{schedule.pk}/resume/")
    schedule.refresh_from_db()

    assert unsent == 0
    assert [len(message.attachments) for message in mail.outbox] == [0]
    assert schedule.next_at > due - 7 * DAY
    acts = ReportScheduleChange.objects.order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["MADE", "PAUSED", "ASKED", "SENT", "RESUMED"]


def test_deleted_sends_nothing_more_and_its_history_stays(
    organisation: Organisation, maker: User, client: Client
) -> None:
    schedule = make(client, maker)
    sendings.note_due(now=schedule.next_at)

    client.post(f"{LIST}{schedule.pk}/end/")
    send(schedule.next_at + HOUR)
    again = client.post(f"{LIST}{schedule.pk}/send/")

    assert mail.outbox == []
    assert ReportSending.objects.get().state == SendingState.CALLED_OFF
    assert again.status_code == 404
    listed = text_of(client)
    assert "Deleted #0442 Synced invoices Ari Grevillea" in listed
    assert "No report is sent by e-mail yet" in listed


def test_filter_that_is_no_longer_possible_is_told(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    learner = people.make_learner(portal, number="GONE")
    due = make(client, maker, query="learner=GONE").next_at
    learner.delete()

    send(due)

    assert mail.outbox == []
    assert "No learner here has the number GONE." in Notice.objects.get(user=maker).text


def test_dates_move_along_and_learners_to_invoice_are_sent_too(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    people.make_learner(portal, sync_to_xero=True, family_name="Wattle", created_at=NOW)
    schedule = make(client, maker, report="0443", query="who=all", span="DAYS_30", attached="CSV")
    ReportSchedule.objects.update(next_at=NOW)

    send(NOW)

    assert schedule.report == "0443"
    message = mail.outbox[0]
    assert message.subject == "#0443 Learners to invoice: Added or ticked since 21 Oct 2026"
    assert "Wattle" in message.attachments[0][1].encode().decode("utf-8-sig")
    assert "/reports/0443/?since=2026-10-21&who=all" in message.body


def test_schedule_that_names_a_learner_goes_with_an_erasure(
    organisation: Organisation, portal: Portal, maker: User, client: Client
) -> None:
    learner = people.make_learner(portal, number="L77")
    make(client, maker, query="learner=L77")
    kept = make(client, maker)

    given = {one.name: one.give(learner) for one in holdings.all_of_them()}["reports"]
    erasure.erase(learner=learner, portal=portal, confirmed="L77", by=maker, now=NOW)

    assert [one["filter"] for one in given["report_schedules"]] == ["learner=L77"]
    assert list(ReportSchedule.objects.all()) == [kept]


def test_dates_that_are_a_span_now_move_along_from_the_first(
    organisation: Organisation, client: Client
) -> None:
    for address, report, span in (
        ("/reports/0442/", "0442", "THIS_YEAR"),
        ("/reports/0443/", "0443", "DAYS_90"),
        ("/reports/0442/?date_from=2026-01-03", "0442", "KEPT"),
    ):
        query = client.get(address).context["question"].query
        form = client.get(f"{NEW}?report={report}&{query}").context["form"]
        assert form.initial["span"] == span


def test_list_leads_to_the_report_of_the_dates_that_are_meant_now(
    organisation: Organisation, maker: User, client: Client
) -> None:
    made = make(client, maker, query="date_from=2020-01-01&date_to=2020-01-31", span="THIS_MONTH")
    today = client.get("/reports/0442/").context["question"].today

    address = client.get(LIST).context["lines"][0]["address"]

    assert "2020-01" in made.query
    assert f"date_from={today.replace(day=1).isoformat()}&" in address
    assert "2020-01" not in address


def test_list_costs_the_same_queries_however_many_there_are(
    organisation: Organisation, maker: User, client: Client
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    make(client, maker)
    client.get(LIST)
    one = cost()
    for _ in range(4):
        make(client, maker)
    client.get(LIST)

    assert cost() == one


@pytest.mark.parametrize(
    ("fields", "now", "expected"),
    [
        ({"weekday": 4}, "2026-11-20T12:59", "2026-11-20T13:00"),
        ({"weekday": 4}, "2026-11-20T13:00", "2026-11-27T13:00"),
        ({"cadence": "MONTHLY", "day_of_month": 31}, "2027-02-01T00:00", "2027-02-28T13:00"),
        ({"cadence": "MONTHLY", "day_of_month": 1}, "2026-11-20T00:00", "2026-12-01T13:00"),
        # The clock leaves out two o'clock on 4 October 2026, and has it twice on 5 April 2026.
        ({"weekday": 6, "hour": 2}, "2026-10-03T12:00", "2026-10-04T03:00"),
        ({"weekday": 6, "hour": 2}, "2026-04-04T12:00", "2026-04-05T02:00"),
    ],
)
def test_due_times_go_by_the_clock_of_the_portal(
    portal: Portal, fields: dict[str, Any], now: str, expected: str
) -> None:
    schedule = ReportSchedule(**{"cadence": Cadence.WEEKLY, "hour": 13, **fields})
    moment = datetime.datetime.fromisoformat(now).replace(tzinfo=portal.zone)

    due = due_times.next_after(schedule, moment.astimezone(datetime.UTC), zone=portal.zone)

    assert f"{due.astimezone(portal.zone):%Y-%m-%dT%H:%M}" == expected
