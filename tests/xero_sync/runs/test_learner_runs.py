"""A re-sync of learners: chosen, sent, read back and proved, as the page and Xero's books tell."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from connected_apps.models import AuditEvent, Connection
from invoices.models import ContactLink
from lrm.models import Learner, LrmRole, Notice
from tests.support import builders, document_builders, resyncs
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from tests.support.resyncs import API, PAGE, ask_for_learners, work_with_pushes
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, PushState, RunLearner, RunState, SyncRun

ALL_WELL = "3 of 3 learners are in Xero, as they are here"


@pytest.fixture
def behind(linked: Linked) -> list[Learner]:
    """Three learners that did not reach Xero: refused, on the way, and never asked for."""
    linked.world.do("webhooks", enabled=False)
    resyncs.end_first(linked)
    refused = save(linked, number="L910001", given_name="Ann", email="ann@example.com")
    waiting = save(linked, number="L910002", given_name="Ben", email="ben@example.com")
    ContactPush.objects.filter(learner=refused).update(
        state=PushState.REFUSED, problem="Email address must be valid."
    )
    imported = builders.make_learner(
        linked.portal, number="L910003", given_name="Cleo", sync_to_xero=True
    )
    return [refused, waiting, imported]


def page(linked: Linked, by: Any = None) -> str:
    html = builders.client_of(by or linked.manager).get(PAGE).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_learners_go_and_are_proved_by_what_xero_has(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    assert run.state == RunState.RUNNING
    assert "0 of 3 learners are in Xero, as they are here; 3 on the way." in page(linked)

    work_with_pushes(linked, run)

    assert run.state == RunState.DONE
    for learner in behind:
        (contact,) = contacts_numbered(linked, learner.number)
        assert (contact["given_name"], contact["email"]) == (learner.given_name, learner.email)
    assert f"{ALL_WELL}." in page(linked)
    assert ALL_WELL in resyncs.log(run)
    notice = Notice.objects.get(user=linked.manager, text__startswith="Re-sync")
    assert notice.text.endswith(f"done. {ALL_WELL}.")
    act = AuditEvent.objects.get(action="RESYNC_ENDED", detail__contains=ALL_WELL)
    assert "Ann" not in act.detail


def test_open_page_tells_of_the_end_in_learners(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    client = builders.client_of(linked.manager)
    told = client.get(PAGE).context["told"]

    work_with_pushes(linked, run)
    news = client.get(f"{PAGE}progress/", {"told": told}).content.decode()

    message = news.partition("innerHTML:.messages")[2].partition("</div>")[0]
    assert f"complete. {ALL_WELL}." in message
    assert "documents read" not in message


def test_those_that_are_in_xero_or_not_ticked_are_not_chosen(
    linked: Linked, behind: list[Learner]
) -> None:
    save(linked, number="L920001", email="x@example.com", given_name="Out", sync_to_xero=False)
    there = save(linked, number="L920002", email="y@example.com", given_name="In")
    ContactPush.objects.exclude(learner=there).update(not_before=clock() + timedelta(hours=1))
    linked.push()
    long_ago = save(linked, number="L920003", email="z@example.com", given_name="Old")
    Learner.objects.filter(pk=long_ago.pk).update(updated_at=clock() - timedelta(days=9))
    ContactPush.objects.filter(learner=long_ago).update(state=PushState.REFUSED)

    run = ask_for_learners(linked)
    linked.work(run)

    assert set(run.learners.values_list("learner_id", flat=True)) == {one.pk for one in behind}


def test_contact_that_was_found_by_its_number_is_not_written_over(
    linked: Linked, behind: list[Learner]
) -> None:
    """As after an import into a Xero with years of contacts: they are there already."""
    found = builders.make_learner(linked.portal, sync_to_xero=True)
    document_builders.make_linked(found, linked.organisation)

    run = work_with_pushes(linked, ask_for_learners(linked))

    assert found.pk not in run.learners.values_list("learner_id", flat=True)
    assert not ContactPush.objects.filter(learner=found).exists()


def test_learner_whose_contact_is_linked_no_more_is_chosen(
    linked: Linked, behind: list[Learner]
) -> None:
    linked.push()
    ContactLink.objects.filter(learner=behind[1]).delete()

    run = ask_for_learners(linked)
    linked.work(run)

    assert behind[1].pk in run.learners.values_list("learner_id", flat=True)


def test_what_xero_refuses_or_asks_is_named_with_why_and_a_link(
    linked: Linked, behind: list[Learner]
) -> None:
    refused, asked, _ = behind
    # Accounts have made a contact of that name by hand.
    linked.world.do("contacts", tenant=linked.tenant, act="create", name=asked.full_name)
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    ContactPush.objects.filter(learner=refused).update(
        state=PushState.REFUSED, problem="Email address must be valid."
    )
    work_with_pushes(linked, run)

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == "1 refused by Xero; 1 waiting for an answer"
    shown = page(linked)
    assert "1 of 3 learners are in Xero, as they are here; 1 refused by Xero" in shown
    assert re.search(r"Ann .* L910001 Refused by Xero Email address must be valid\.", shown)
    assert re.search(r"Ben .* L910002 Waiting for an answer A contact in Xero may be", shown)
    html = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert f'href="/learners/{refused.pk}/"' in html
    notice = Notice.objects.get(user=linked.manager, text__startswith="Re-sync")
    assert "1 refused by Xero; 1 waiting for an answer" in notice.text


def test_names_stay_as_they_ended_when_learners_change_later(
    linked: Linked, behind: list[Learner]
) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    ContactPush.objects.filter(learner=behind[0]).update(state=PushState.REFUSED, problem="No.")
    work_with_pushes(linked, run)

    save(linked, behind[0], number="L910001", given_name="Ann", email="new@example.com")
    linked.push()

    assert "L910001 Refused by Xero No." in page(linked)


def test_contact_that_differs_in_xero_is_named(linked: Linked, behind: list[Learner]) -> None:
    """Somebody in Xero was faster: the proof reads what Xero has, not what was answered."""
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    (contact,) = contacts_numbered(linked, "L910002")
    linked.world.do(
        "contacts",
        tenant=linked.tenant,
        act="update",
        id=contact["contact_id"],
        email="other@example.com",
    )

    work_with_pushes(linked, run)

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == "1 different in Xero"
    assert "L910002 Differs in Xero Not as it is here: e-mail" in page(linked)


def test_archived_contact_is_named(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    (contact,) = contacts_numbered(linked, "L910002")
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=contact["contact_id"])

    work_with_pushes(linked, run)

    assert "L910002 Differs in Xero The contact is archived in Xero" in page(linked)


def test_killed_in_between_it_goes_on_and_is_exact(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    taken = leases.take(SyncRun, run.pk, now=clock())
    assert taken is not None
    # Its worker is gone, and a minute and a half later the lease has lapsed.
    SyncRun.objects.filter(pk=run.pk).update(leased_until=clock() - timedelta(seconds=1))
    linked.work(run)
    linked.push()
    linked.world.fail("/Contacts", times=1, named="maintenance")
    SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    linked.work(run)
    assert run.state == RunState.PAUSED
    assert "Xero is not answering at the moment" in run.reason

    work_with_pushes(linked, run)

    assert (run.state, run.learners.filter(outcome="IN_XERO").count()) == (RunState.DONE, 3)
    assert len(contacts_numbered(linked, "L910001")) == 1


def test_pushes_that_wait_for_xero_pause_the_run_with_their_reason(
    linked: Linked, behind: list[Learner]
) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    until = clock() + timedelta(hours=2)
    ContactPush.objects.update(not_before=until, problem="Xero's limit of calls a day is reached")

    SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    linked.work(run)

    assert (run.state, run.not_before) == (RunState.PAUSED, until)
    assert "Xero's limit of calls a day is reached. Next try" in page(linked).replace("&#x27;", "'")


def test_learner_saved_again_meanwhile_is_read_again(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    save(linked, behind[1], number="L910002", given_name="Benedict", email="ben@example.com")

    work_with_pushes(linked, run)

    assert run.state == RunState.DONE
    assert contacts_numbered(linked, "L910002")[0]["given_name"] == "Benedict"


def test_proof_of_an_older_version_of_a_learner_counts_for_nothing(linked: Linked) -> None:
    """Enough are done to be read back while another one waits; then one of them is saved again."""
    linked.world.do("webhooks", enabled=False)
    resyncs.end_first(linked)
    for number in range(41):
        save(linked, number=f"L93{number:04}", given_name=f"N{number}", email="")
    run = ask_for_learners(linked)
    linked.work(run)
    last = ContactPush.objects.filter(learner__number="L930040")
    last.update(not_before=clock() + timedelta(seconds=5))
    linked.push()
    SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    linked.work(run)
    assert run.learners.exclude(checked_version=None).count() == 40
    again = linked.portal.learners.get(number="L930000")
    save(linked, again, number="L930000", given_name="N0", email="n0@example.com")
    last.update(not_before=None)
    linked.push()
    (contact,) = contacts_numbered(linked, "L930000")
    linked.world.do(
        "contacts",
        tenant=linked.tenant,
        act="update",
        id=contact["contact_id"],
        email="other@example.com",
    )

    work_with_pushes(linked, run)

    assert run.reason == "1 different in Xero"
    assert "L930000 Differs in Xero" in page(linked)


def test_learner_unticked_meanwhile_holds_nothing_up(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    save(
        linked,
        behind[1],
        number="L910002",
        given_name="Ben",
        email="ben@example.com",
        sync_to_xero=False,
    )

    work_with_pushes(linked, run)

    assert run.state == RunState.DONE
    assert "1 not ticked any more" in page(linked)


def test_asking_again_sends_those_that_were_refused_since(
    linked: Linked, behind: list[Learner]
) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    ContactPush.objects.filter(learner=behind[0]).update(state=PushState.REFUSED, problem="No.")

    assert ask_for_learners(linked) == run
    work_with_pushes(linked, run)

    assert (run.state, run.learner_count) == (RunState.DONE, 3)


def test_cancelled_run_can_be_resumed(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    client = builders.client_of(linked.manager)

    cancelled = client.post(f"{PAGE}{run.pk}/cancel/", follow=True).content.decode()
    linked.push()
    client.post(f"{PAGE}{run.pk}/resume/")
    work_with_pushes(linked, run)

    assert "Learners that are on their way reach Xero all the same." in cancelled
    assert run.state == RunState.DONE


def test_nobody_behind_is_said_so(linked: Linked) -> None:
    resyncs.end_first(linked)

    run = work_with_pushes(linked, ask_for_learners(linked))

    assert run.state == RunState.DONE
    assert "Every learner that was changed between these days is in Xero already." in page(linked)


def test_run_of_a_connection_that_moved_on_waits(linked: Linked, behind: list[Learner]) -> None:
    run = ask_for_learners(linked)
    Connection.objects.update(generation=77)

    linked.work(run)

    assert run.state == RunState.PAUSED
    assert not RunLearner.objects.exists()


def test_portal_admin_without_a_role_is_told_counts_and_no_names(
    linked: Linked, behind: list[Learner]
) -> None:
    run = ask_for_learners(linked)
    linked.work(run)
    linked.push()
    ContactPush.objects.filter(learner=behind[0]).update(state=PushState.REFUSED, problem="No.")
    work_with_pushes(linked, run)
    watcher = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)

    shown = page(linked, watcher)
    told = builders.client_of(watcher).get(f"{API}{run.pk}/").content.decode()

    assert "1 refused by Xero" in shown
    for words in (shown, told):
        assert "Ann" not in words
        assert "L910001" not in words


def test_api_tells_how_the_learners_stand(linked: Linked, behind: list[Learner]) -> None:
    client = builders.client_of(linked.manager)
    today = clock().astimezone(linked.portal.zone).date()
    body = {"date_from": str(today - timedelta(days=1)), "date_to": str(today), "what": "learners"}

    preview = client.post(f"{API}preview/", body).json()
    started = client.post(API, body)
    run = SyncRun.objects.get(pk=started.json()["id"])
    linked.work(run)
    linked.push()
    ContactPush.objects.filter(learner=behind[0]).update(state=PushState.REFUSED, problem="No.")
    work_with_pushes(linked, run)
    shown = client.get(f"{API}{run.pk}/").json()

    assert (preview["what"], preview["total"], preview["calls"]) == ("learners", 3, 3)
    assert (started.status_code, started.json()["learners"]["chosen"]) == (201, None)
    assert (shown["what"], shown["state"]) == ("learners", "DONE_WITH_PROBLEMS")
    learners = shown["learners"]
    assert (learners["chosen"], learners["in_xero"], learners["refused"]) == (3, 2, 1)
    assert learners["named"] == [
        {
            "learner_number": "L910001",
            "name": "Ann Made-Up",
            "outcome": "REFUSED",
            "why": "No.",
            "url": f"/learners/{behind[0].pk}/",
        }
    ]
    assert json.dumps(shown)


def test_runs_of_documents_have_no_learners_by_api(linked: Linked) -> None:
    run = resyncs.ask(linked)

    assert builders.client_of(linked.manager).get(f"{API}{run.pk}/").json()["learners"] is None


def test_another_portals_learners_are_left_alone(linked: Linked, behind: list[Learner]) -> None:
    other = builders.make_portal("Saltbush")
    theirs = builders.make_learner(other, sync_to_xero=True)

    run = work_with_pushes(linked, ask_for_learners(linked))

    assert run.learner_count == 3
    assert not ContactPush.objects.filter(learner=theirs).exists()


def test_form_offers_learners_first_and_has_documents_chosen(linked: Linked) -> None:
    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    radios = re.findall(r'<input type="radio" name="what" value="(\w+)"[^>]*?( checked)?>', html)
    assert radios == [("learners", ""), ("documents", " checked"), ("changed", "")]
    assert html.index("Learners that are not in Xero") < html.index("Reads invoices and credits")
    # The choice is folded away, so what it is folded under says what is in it.
    summary = re.search(r"<summary>(Re-sync something else.*?)</summary>", html)
    assert summary is not None
    assert "learners that are not in Xero" in summary[1]
