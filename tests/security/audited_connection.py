"""What is done about the connection, what came through it and the reports of it, one function an
act.

Each sends the forms that a person sends; the last one is the act itself.
"""

from uuid import UUID

from invoices.models import Contact, ContactLinkChange
from lrm.models import Learner
from reports.models import ReportSchedule
from tests.support import builders, document_builders, mentions
from tests.support.audit_trail import Person
from tests.support.linked import clock, let_learners_go
from xero_sync.contact_tabs.tabs import Key
from xero_sync.models import Cursor, Delivery, QuarantinedDocument, SyncRun, WebhookEvent
from xero_sync.resources import Resource

DAYS = {"date_from": "2026-01-01", "date_to": "2026-01-31"}


def disconnect(one: Person) -> None:
    assert one.organisation
    one.post("xero_disconnect")


def resync(one: Person) -> None:
    """Ask; without the first sync, which holds every range and would answer."""
    assert one.organisation
    SyncRun.objects.all().delete()
    one.post("resync", **DAYS)


def cancel_a_resync(one: Person) -> None:
    resync(one)
    one.post("resync_cancel", _run())


def resume_a_resync(one: Person) -> None:
    cancel_a_resync(one)
    one.post("resync_resume", _run())


def resync_by_api(one: Person) -> None:
    assert one.organisation
    SyncRun.objects.all().delete()
    one.post("api_sync_runs", **DAYS)


def cancel_a_resync_by_api(one: Person) -> None:
    resync(one)
    one.post("api_sync_run_cancel", _run())


def resume_a_resync_by_api(one: Person) -> None:
    cancel_a_resync(one)
    one.post("api_sync_run_resume", _run())


def heal_a_month(one: Person) -> None:
    assert one.organisation
    SyncRun.objects.all().delete()
    one.post("report_0442_heal", month="2026-01")


def _run() -> int:
    return SyncRun.objects.latest("pk").pk


def try_documents_again(one: Person) -> None:
    QuarantinedDocument.objects.create(
        organisation=one.organisation,
        resource="INVOICE",
        identity=str(UUID(int=1)),
        reason="Made-up reason",
        raw={},
        first_seen_at=clock(),
        last_tried_at=clock(),
    )
    one.post("xero_health_retry", row="all")


def act_on_events_again(one: Person) -> None:
    WebhookEvent.objects.create(
        delivery=Delivery.objects.create(received_at=clock(), body=b"", unpacked_at=clock()),
        organisation=one.organisation,
        category="INVOICE",
        resource_id=UUID(int=1),
        received_at=clock(),
        state="DONE",
    )
    today = clock().astimezone(one.portal.zone).date().isoformat()
    one.post("xero_events_again", date_from=today, date_to=today, time_from="", time_to="")


def start_sending(one: Person) -> None:
    Cursor.objects.create(
        organisation=one.organisation,
        resource=Resource.CONTACT,
        last_swept_at=clock(),
        next_due_at=clock(),
    )
    one.post("contacts_start", organisation=one.organisation.pk)


def choose_who_is_sent(one: Person) -> None:
    one.post("contacts_which", choice="new")


def answer_yes(one: Person) -> None:
    learner, contact = _asked(one)
    one.post("learner_xero_contact_answer", learner.pk, contact.xero_id, answer="yes")


def answer_no(one: Person) -> None:
    learner, contact = _asked(one)
    one.post("learner_xero_contact_answer", learner.pk, contact.xero_id, answer="no")


def _asked(one: Person) -> tuple[Learner, Contact]:
    """Return a learner and a contact that has the number, and nothing else of the learner."""
    let_learners_go(one.organisation)
    contact = document_builders.make_contact(one.organisation, name="Ravi Ito", number="L1")
    return builders.make_learner(one.portal, number="L1", family_name="Kelly"), contact


def accept_on_the_tab(one: Person) -> None:
    _press(one, "questions", "accept", *_asked(one))


def reject_on_the_tab(one: Person) -> None:
    _press(one, "questions", "reject", *_asked(one))


def unlink(one: Person) -> None:
    learner = _linked(one)
    _press(one, "linked", "unlink", learner, Contact.objects.get(contact_number=learner.number))


def send_again(one: Person) -> None:
    let_learners_go(one.organisation)
    _press(one, "refused", "retry", builders.make_learner(one.portal, sync_to_xero=True))


def _press(
    one: Person, tab: str, act: str, learner: Learner, contact: Contact | None = None
) -> None:
    key = Key(learner.pk, contact.xero_id if contact else None)
    one.post("xero_contacts_act", tab=tab, act=act, key=str(key))


def _linked(one: Person) -> Learner:
    let_learners_go(one.organisation)
    learner = builders.make_learner(one.portal)
    document_builders.make_linked(learner, one.organisation)
    return learner


def link_by_search(one: Person) -> None:
    let_learners_go(one.organisation)
    learner = builders.make_learner(one.portal)
    contact = document_builders.make_contact(one.organisation)
    one.post("xero_contacts_link", pair=str(Key(learner.pk, contact.xero_id)), tab="no-learner")


def undo(one: Person) -> None:
    unlink(one)
    one.post("xero_contacts_undo", change=ContactLinkChange.objects.latest("pk").pk)


def say_on_a_payers_page(one: Person) -> None:
    payer, _, mention = _billed(one)
    one.post("contact_covers", payer.pk, mention=mention, answer="yes")


def say_on_a_learners_page(one: Person) -> None:
    _, learner, mention = _billed(one)
    one.post("learner_covers", learner.pk, mention=mention, answer="no")


def take_it_back(one: Person) -> None:
    payer, _, mention = _billed(one)
    one.post("contact_covers", payer.pk, mention=mention, answer="yes")
    one.post("contact_covers", payer.pk, mention=mention, answer="undo")


def _billed(one: Person) -> tuple[Contact, Learner, str]:
    """Return a payer, a learner whom a document of the payer's names, and the two of them."""
    payer = document_builders.make_contact(one.organisation)
    learner = builders.make_learner(one.portal)
    invoice = mentions.make_billed(payer, reference=learner.number)
    return payer, learner, f"{invoice.pk}-{learner.pk}"


def make_a_schedule(one: Person) -> ReportSchedule:
    assert one.organisation
    one.post(
        "report_schedule_new",
        report="0442",
        query="date_from=&date_to=&currency=AUD",
        cadence="WEEKLY",
        weekday="0",
        day_of_month="1",
        hour="8",
        span="KEPT",
        attached="XLSX",
        recipients=one.user.pk,
    )
    return ReportSchedule.objects.get()


def send_a_report_now(one: Person) -> None:
    one.post("report_schedule_send", make_a_schedule(one).pk)


def pause_a_schedule(one: Person) -> None:
    one.post("report_schedule_pause", make_a_schedule(one).pk)


def resume_a_schedule(one: Person) -> None:
    pause_a_schedule(one)
    one.post("report_schedule_resume", ReportSchedule.objects.get().pk)


def end_a_schedule(one: Person) -> None:
    one.post("report_schedule_end", make_a_schedule(one).pk)


# Saving the learner again follows from a pairing.
_FOLLOWS = "LearnerChange contact in Xero"
# Each act, the name of its address, and what it leaves in the trails.
ACTS = [
    (disconnect, "xero_disconnect", ["AuditEvent DISCONNECTED"]),
    (resync, "resync", ["AuditEvent RESYNC_REQUESTED"]),
    (cancel_a_resync, "resync_cancel", ["AuditEvent RESYNC_CANCELLED"]),
    (resume_a_resync, "resync_resume", ["AuditEvent RESYNC_RESUMED"]),
    (resync_by_api, "api_sync_runs", ["AuditEvent RESYNC_REQUESTED"]),
    (cancel_a_resync_by_api, "api_sync_run_cancel", ["AuditEvent RESYNC_CANCELLED"]),
    (resume_a_resync_by_api, "api_sync_run_resume", ["AuditEvent RESYNC_RESUMED"]),
    (heal_a_month, "report_0442_heal", ["AuditEvent RESYNC_REQUESTED"]),
    (try_documents_again, "xero_health_retry", ["AuditEvent DOCUMENTS_TRIED_AGAIN"]),
    (act_on_events_again, "xero_events_again", ["AuditEvent EVENTS_ACTED_ON_AGAIN"]),
    (start_sending, "contacts_start", ["AuditEvent SENDING_LEARNERS_STARTED"]),
    (choose_who_is_sent, "contacts_which", ["AuditEvent WHICH_LEARNERS_CHANGED"]),
    (answer_yes, "learner_xero_contact_answer", [_FOLLOWS, "ContactLinkChange MADE"]),
    (answer_no, "learner_xero_contact_answer", [_FOLLOWS, "ContactLinkChange REJECTED"]),
    (accept_on_the_tab, "xero_contacts_act", [_FOLLOWS, "ContactLinkChange MADE"]),
    (reject_on_the_tab, "xero_contacts_act", [_FOLLOWS, "ContactLinkChange REJECTED"]),
    (unlink, "xero_contacts_act", [_FOLLOWS, "ContactLinkChange ENDED"]),
    (send_again, "xero_contacts_act", ["LearnerChange sent to Xero again"]),
    (link_by_search, "xero_contacts_link", [_FOLLOWS, "ContactLinkChange MADE"]),
    (undo, "xero_contacts_undo", [_FOLLOWS, "ContactLinkChange CLEARED"]),
    (say_on_a_payers_page, "contact_covers", ["CoverChange ACCEPTED"]),
    (say_on_a_learners_page, "learner_covers", ["CoverChange REJECTED"]),
    (take_it_back, "contact_covers", ["CoverChange UNDONE"]),
    (make_a_schedule, "report_schedule_new", ["ReportScheduleChange MADE"]),
    (send_a_report_now, "report_schedule_send", ["ReportScheduleChange ASKED"]),
    (pause_a_schedule, "report_schedule_pause", ["ReportScheduleChange PAUSED"]),
    (resume_a_schedule, "report_schedule_resume", ["ReportScheduleChange RESUMED"]),
    (end_a_schedule, "report_schedule_end", ["ReportScheduleChange ENDED"]),
]
