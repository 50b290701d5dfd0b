"""Acts on all that match a filter, in the background, with progress; and undoing such an act.

A job goes through the tab by key, so that whatever it settles is behind it. What came after it was
asked for nobody has seen: of questions and contacts such rows are left alone, and so are rows for
which such a contact or learner is suggested.
"""

from datetime import datetime

from connected_apps.models import Organisation
from invoices.models import Contact
from lrm import permissions
from lrm.batch_jobs import job_queue, kinds
from lrm.models import BatchJob, JobState, Portal, User
from xero_sync.contact_tabs import act_words, acts, listings
from xero_sync.contact_tabs.tabs import Key, Tab
from xero_sync.models import ContactQuestion

ACT = "xero_sync.contact_act"
UNDO = "xero_sync.contact_undo"
# Others wait for who is who in the organisation as long as a batch takes: less than a second.
BATCH = 20


def request(
    *, act: acts.Act, listing: listings.Listing, total: int, by: User, now: datetime
) -> BatchJob:
    """Ask for an act on all rows of a listing."""
    params = {
        "act": act.value,
        "tab": listing.tab.value,
        "text": listing.text,
        "organisation": listing.organisation.pk if listing.organisation else None,
    }
    return job_queue.request(
        portal=listing.portal, kind=ACT, by=by, total=total, params=params, now=now
    )


def request_undo(*, job: BatchJob, by: User, now: datetime) -> BatchJob:
    """Ask for undoing all that a job has done."""
    params = {"of_job": job.pk, "organisation": job.params["organisation"]}
    return job_queue.request(
        portal=job.portal, kind=UNDO, by=by, total=job.changed, params=params, now=now
    )


def latest(portal: Portal) -> BatchJob | None:
    """Return the newest act in the background, under way or over."""
    jobs = BatchJob.objects.filter(portal=portal, kind__in=(ACT, UNDO))
    return jobs.order_by("-created_at", "-id").first()


def can_be_undone(job: BatchJob) -> bool:
    """Return whether a job has done what can be put back, and nobody asked for that yet."""
    is_over = job.state not in (JobState.WAITING, JobState.RUNNING)
    changes_links = job.kind == ACT and job.params.get("act") != acts.Act.RETRY
    return is_over and changes_links and job.changed > 0


def register() -> None:
    """Let both kinds of jobs be worked on."""
    for name, handle in ((ACT, _act), (UNDO, _undo)):
        kinds.register(
            kinds.JobKind(
                name=name,
                right=permissions.may_manage_connected_apps,
                explanation="Deciding about contacts is for portal admins with an LRM role.",
                handle=handle,
                title=act_words.title_of_job,
                outcome=act_words.outcome_of_job,
                back_to=("xero_contacts", "Contacts in Xero"),
                ended=_forget_text,
            )
        )


def _act(job: BatchJob, now: datetime) -> kinds.Progress:
    organisation = _organisation(job)
    if organisation is None or job.by is None:
        return _over(job)
    tab = Tab(job.params["tab"])
    listing = listings.Listing(job.portal, organisation, tab, job.params.get("text", ""))
    page = listings.page_of(listing, after=job.cursor.get("after", ""), size=BATCH)
    actor = acts.Actor(
        portal=job.portal,
        organisation=organisation,
        tab=tab,
        by=job.by,
        asked_at=job.created_at,
    )
    outcome = acts.do(
        acts.Act(job.params["act"]), _seen(page.keys, job, organisation), actor=actor, now=now
    )
    moments = [*job.cursor.get("moments", []), *([now.isoformat()] if outcome.done else [])]
    return kinds.Progress(
        cursor={"after": page.following, "moments": moments},
        done=len(page.keys),
        changed=outcome.done,
        failures=_failures(outcome),
        is_over=page.following is None,
    )


def _undo(job: BatchJob, now: datetime) -> kinds.Progress:
    """Undo the acts of one moment of the other job, the last one first."""
    organisation, other = _organisation(job), _other(job)
    if organisation is None or other is None or other.by is None or job.by is None:
        return _over(job)
    moments = other.cursor.get("moments", [])
    left = job.cursor.get("left", len(moments))
    if left == 0:
        return _over(job)
    at = datetime.fromisoformat(moments[left - 1])
    lines = acts.lines_of(organisation, by=other.by, at=at)
    outcome = acts.undo(lines, by=job.by, now=now)
    return kinds.Progress(
        cursor={"left": left - 1},
        done=len(lines),
        changed=outcome.done,
        failures=_failures(outcome),
        is_over=left == 1,
    )


def _seen(keys: list[Key], job: BatchJob, organisation: Organisation) -> list[Key]:
    """Return those that were there when the job was asked for."""
    learner_ids = [key.learner_id for key in keys if key.learner_id]
    contact_ids = [key.contact_id for key in keys if key.contact_id]
    new_questions = ContactQuestion.objects.filter(
        organisation=organisation, learner_id__in=learner_ids, asked_at__gt=job.created_at
    )
    new_contacts = Contact.objects.filter(
        organisation=organisation, xero_id__in=contact_ids, first_synced_at__gt=job.created_at
    )
    pairs = set(new_questions.values_list("learner_id", "contact_xero_id"))
    contacts = set(new_contacts.values_list("xero_id", flat=True))
    return [
        key
        for key in keys
        if (key.learner_id, key.contact_id) not in pairs and key.contact_id not in contacts
    ]


def _organisation(job: BatchJob) -> Organisation | None:
    """Return the organisation the job is about, unless another is connected now."""
    rows = Organisation.objects.filter(portal=job.portal, pk=job.params["organisation"])
    return rows.filter(connection__portal=job.portal).first()


def _other(job: BatchJob) -> BatchJob | None:
    return BatchJob.objects.filter(portal=job.portal, pk=job.params["of_job"], kind=ACT).first()


def _over(job: BatchJob) -> kinds.Progress:
    return kinds.Progress(cursor=job.cursor, done=0, is_over=True)


def _failures(outcome: acts.Outcome) -> list[kinds.Failure]:
    return [kinds.Failure(name=each.name, reason=each.reason) for each in outcome.failures]


def _forget_text(job: BatchJob) -> None:
    """Keep no name that somebody searched for."""
    if job.params.pop("text", None) is not None:
        job.save(update_fields=["params"])
