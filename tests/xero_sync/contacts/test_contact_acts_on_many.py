"""What is done to some rows of the contacts page, or to all that match; and its undoing."""

import re

import pytest

from invoices.models import ContactLink, ContactLinkChange
from lrm.models import BatchJob, JobState, Portal
from tests.support import builders
from tests.support.batch_jobs import work_on
from tests.support.contact_rows import Office, open_office
from xero_sync.models import ContactPush, PushState

MANY = 203


@pytest.fixture
def office(portal: Portal) -> Office:
    return open_office(portal, first_name="Alex", last_name="Ironbark")


def keys_of(page: str) -> list[str]:
    return re.findall(r'name="key" value="([^"]+)"', page)


def test_checked_rows_are_unlinked_and_put_back_together(office: Office) -> None:
    office.linked(3)
    keys = keys_of(office.page("linked"))

    said = office.post("act/", {"tab": "linked", "act": "unlink", "key": keys[:2]})

    assert "2 unlinked." in said
    assert "What you did last" in said
    assert [key in keys_of(office.page("linked")) for key in keys] == [False, False, True]
    at = re.search(r'name="at" value="([^"]+)"', office.page("linked"))
    assert at is not None
    assert "2 put back as they were." in office.post("undo/", {"at": at[1]})
    assert ContactLink.objects.count() == 3


def test_nothing_checked_changes_nothing_and_says_so(office: Office) -> None:
    office.linked(1)

    said = office.post("act/", {"tab": "linked", "act": "unlink"})

    assert "Nothing was changed: check the rows first." in said
    assert ContactLink.objects.count() == 1


def test_all_that_match_are_asked_about_once_and_done_at_once_where_few(office: Office) -> None:
    learners = office.refused(3)
    given = {"tab": "refused", "act": "retry", "all": "yes", "q": learners[0].number}

    said = office.post("act/", given)
    assert "Send again: all 1 of “Refused by Xero” that match" in said
    assert ContactPush.objects.filter(state=PushState.REFUSED).count() == 3
    said = office.post("act/", given | {"confirmed": "yes"})

    assert "1 on the way to Xero again." in said
    states = ContactPush.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["PENDING", "PARKED", "PARKED"]


def test_many_are_done_in_the_background_and_undone_there(office: Office) -> None:
    office.linked(MANY)
    given = {"tab": "linked", "act": "unlink", "all": "yes", "q": "made up", "confirmed": "yes"}

    office.post("act/", given)
    job = BatchJob.objects.get()
    assert (job.total, ContactLink.objects.count()) == (MANY, MANY)
    work_on(job)

    assert (job.state, job.changed, job.failed) == (JobState.DONE, MANY, 0)
    assert not ContactLink.objects.exists()
    # What somebody searched for may be a name.
    assert "text" not in job.params
    by = ContactLinkChange.objects.order_by().values_list("by_name", flat=True).distinct()
    assert list(by) == ["Alex Ironbark"]
    page = office.page("linked")
    assert f"{MANY} unlinked." in page
    assert f'name="job" value="{job.pk}"' in page

    office.post("undo/", {"job": str(job.pk)})
    undoing = BatchJob.objects.exclude(pk=job.pk).get()
    work_on(undoing)
    assert (undoing.state, undoing.changed) == (JobState.DONE, MANY)
    assert ContactLink.objects.count() == MANY


def test_row_that_cannot_be_done_keeps_no_other_back_and_is_named(office: Office) -> None:
    first, second = office.refused(2)
    first.sync_to_xero = False
    first.save()

    said = office.post(
        "act/", {"tab": "refused", "act": "retry", "key": [f"{first.pk}.", f"{second.pk}."]}
    )

    assert "1 on the way to Xero again." in said
    assert f"1 left as it is. {first}: It is not ticked any more." in said


def test_job_of_somebody_who_has_another_organisation_now_does_nothing(office: Office) -> None:
    office.linked(MANY)
    office.post("act/", {"tab": "linked", "act": "unlink", "all": "yes", "confirmed": "yes"})
    connection = office.portal.connections.get()
    connection.organisation = None
    connection.save()

    work_on(BatchJob.objects.get())

    assert ContactLink.objects.count() == MANY


@pytest.mark.parametrize(
    "given",
    [
        {"act": "explode", "tab": "linked"},
        {"act": "accept", "tab": "left-out", "all": "yes"},
        {"act": "unlink", "tab": "refused", "all": "yes"},
    ],
)
def test_act_that_there_is_none_of_is_refused(office: Office, given: dict[str, str]) -> None:
    office.linked(1)

    answer = office.client.post("/settings/connected-apps/xero/contacts/act/", given)

    assert answer.status_code == 400


def test_history_names_who_and_when_and_undoes_each_line(office: Office) -> None:
    (learner,) = office.linked(1)
    (key,) = keys_of(office.page("linked"))
    office.post("act/", {"tab": "linked", "only": f"unlink {key}"})

    for address in ("history/", f"history/{key}/"):
        page = office.client.get(f"/settings/connected-apps/xero/contacts/{address}")
        words = page.content.decode()
        assert "No longer linked by Alex Ironbark" in words
        assert "A person said that this is somebody else" in words
    line = ContactLinkChange.objects.latest("id")
    assert f'name="change" value="{line.pk}"' in words
    assert "1 put back as it was." in office.post("undo/", {"change": str(line.pk)})
    assert ContactLink.objects.filter(learner=learner).exists()
    # It is not the newest any more.
    page = office.client.get(f"/settings/connected-apps/xero/contacts/history/{key}/")
    assert f'name="change" value="{line.pk}"' not in page.content.decode()


def test_history_in_place_of_a_row_is_the_lines_alone(office: Office) -> None:
    office.linked(1)
    (key,) = keys_of(office.page("linked"))

    answer = office.client.get(
        f"/settings/connected-apps/xero/contacts/history/{key}/", headers={"HX-Request": "true"}
    )

    assert "<html" not in answer.content.decode()
    assert "<form" not in answer.content.decode()


def test_contact_is_linked_by_search_with_several_learners(office: Office) -> None:
    (first,) = office.linked(1)
    contact = ContactLink.objects.get().contact_xero_id
    second = builders.make_learner(office.portal, given_name="Wren")

    found = office.client.get(
        f"/settings/connected-apps/xero/contacts/find/{second.pk}./", {"find": first.number}
    ).content.decode()
    assert f"The contact is linked with {first}." in found
    assert f'name="pair" value="{second.pk}.{contact}"' in found
    said = office.post("link/", {"pair": f"{second.pk}.{contact}", "tab": "linked"})

    assert f"{second} is linked with" in said
    assert ContactLink.objects.filter(contact_xero_id=contact).count() == 2
    other_way = office.client.get(
        f"/settings/connected-apps/xero/contacts/find/.{contact}/", {"find": "wren"}
    ).content.decode()
    assert "Linked already" in other_way
