"""The word beside each learner of the list: how they stand with Xero."""

from connected_apps.models import Organisation
from invoices.models import Contact
from lrm.models import Portal
from tests.support import builders
from tests.support import document_builders as documents
from tests.support.page_reading import text_of
from xero_sync.models import ContactPush, PushState


def test_list_says_who_is_in_xero_waits_or_was_refused(portal: Portal) -> None:
    organisation: Organisation = documents.make_organisation(portal)
    names = {}
    for name in ("Linked", "Waits", "Refused", "Archived", "Both", "Off"):
        learner = builders.make_learner(
            portal, given_name="", family_name=name, sync_to_xero=name != "Off"
        )
        names[name] = learner
    documents.make_linked(names["Linked"], organisation)
    documents.make_linked(names["Refused"], organisation)
    gone = [documents.make_linked(names[name], organisation) for name in ("Archived", "Both")]
    Contact.objects.filter(xero_id__in=gone).update(status="ARCHIVED")
    documents.make_linked(names["Both"], organisation)
    for name, state in (("Waits", PushState.PENDING), ("Refused", PushState.REFUSED)):
        ContactPush.objects.create(learner=names[name], state=state, requested_at=documents.NOW)

    page = builders.client_of(builders.make_user(portal)).get("/learners/").content.decode()

    rows = {
        name: text_of(page.partition(f">{name}</a>")[2].partition("</tr>")[0]) for name in names
    }
    assert "In Xero" in rows["Linked"]
    assert "In Xero" in rows["Both"]
    assert "Archived in Xero" in rows["Archived"]
    assert "Waiting" in rows["Waits"]
    assert "Refused by Xero" in rows["Refused"]
    assert rows["Off"].rstrip().endswith("Off")
