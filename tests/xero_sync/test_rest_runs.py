"""Re-syncs by API: started once, watched, cancelled, listed, and by whom."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from connected_apps.models import AuditEvent
from lrm.models import ApiAnswer, LrmRole, Portal
from lrm.rest import idempotency
from tests.support import api_client, builders, document_builders, resyncs
from tests.support.linked import Linked
from xero_sync.models import OPEN_RUNS, RunState, SyncRun
from xero_sync.runs import run_requests

YEAR = {"date_from": "2026-01-01", "date_to": "2026-01-31"}


def test_program_starts_watches_and_cancels_a_re_sync(linked: Linked) -> None:
    resyncs.end_first(linked)
    program = api_client.program_of(linked.manager)

    started = program.post("sync-runs/", YEAR)
    run = SyncRun.objects.latest("pk")
    seen = program.get(f"sync-runs/{run.pk}/").json()
    cancelled = program.post(f"sync-runs/{run.pk}/cancel/")
    again = program.post(f"sync-runs/{run.pk}/cancel/")
    resumed = program.post(f"sync-runs/{run.pk}/resume/")

    assert (started.status_code, started.json()["detail"]) == (201, "Re-sync started.")
    assert run.requested_by == linked.manager
    assert (seen["id"], seen["state"], seen["date_to"]) == (run.pk, "QUEUED", "2026-01-31")
    assert cancelled.json()["state"] == "CANCELLED"
    assert (again.status_code, again.json()["detail"]) == (409, "It has ended already.")
    assert resumed.status_code == 200
    acts = AuditEvent.objects.filter(actor=linked.manager).values_list("action", flat=True)
    assert {"RESYNC_REQUESTED", "RESYNC_CANCELLED"} <= set(acts)


def test_re_sync_is_read_to_its_verified_end_by_a_program_that_watches(linked: Linked) -> None:
    linked.sweep()
    program = api_client.program_of(linked.manager)
    started = program.post("sync-runs/", {"date_from": "2020-01-01", "date_to": "2030-12-31"})

    linked.work(SyncRun.objects.get(pk=started.json()["id"]))
    seen = program.get(f"sync-runs/{started.json()['id']}/").json()

    assert seen["state"] == "DONE"
    assert seen["log"]
    for kind in seen["kinds"]:
        assert (kind["stage"], kind["here"]) == ("COMPLETE", kind["in_xero"])


@pytest.mark.django_db
def test_one_person_cannot_queue_sixty_re_syncs(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    programs = [api_client.program_of(admin) for _ in range(2)]

    answers = [
        programs[n % 2].post(
            "sync-runs/",
            {
                "date_from": f"2026-{1 + n // 14:02}-{1 + n % 14 * 2:02}",
                "date_to": f"2026-{1 + n // 14:02}-{1 + n % 14 * 2:02}",
            },
            Idempotency_Key=f"key-{n}",
        )
        for n in range(60)
    ]

    most = run_requests.MOST_OPEN
    assert [one.status_code for one in answers] == [201] * most + [409] * (60 - most)
    assert "are under way" in answers[-1].json()["detail"]
    assert SyncRun.objects.filter(state__in=OPEN_RUNS).count() == most
    assert ApiAnswer.objects.count() == most


@pytest.mark.django_db
def test_runs_are_listed_newest_first_and_narrowed(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    program = api_client.program_of(builders.make_user(portal, portal_admin=True))
    made = [resyncs.make_run(portal, state=RunState.DONE).pk for _ in range(5)]
    open_one = resyncs.make_run(portal, state=RunState.RUNNING).pk

    walked = [one["id"] for one in program.read_to_the_end("sync-runs/?limit=2&state=DONE")]
    running = api_client.results(program.get("sync-runs/?state=RUNNING"))

    assert walked[:5] == made[::-1]
    assert [one["id"] for one in running] == [open_one]
    assert program.get("sync-runs/?state=STALLED").status_code == 400
    assert program.get("sync-runs/?limit=51").status_code == 400


@pytest.mark.django_db
def test_same_key_starts_one_re_sync(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    colleague = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)
    first = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    SyncRun.objects.filter(pk=first.json()["id"]).update(state=RunState.DONE)

    again = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    other_body = program.post("sync-runs/", {**YEAR, "date_to": "2026-02-28"}, Idempotency_Key="a")
    other_person = api_client.program_of(colleague).post("sync-runs/", YEAR, Idempotency_Key="a")
    other_key = program.post("sync-runs/", YEAR, Idempotency_Key="b")
    too_long = program.post("sync-runs/", YEAR, Idempotency_Key="k" * 256)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other_body.status_code == 422
    assert other_person.json()["id"] != first.json()["id"]
    assert other_key.json()["id"] not in {first.json()["id"]}
    assert too_long.status_code == 400
    assert "a" not in set(ApiAnswer.objects.values_list("key_hash", flat=True))


@pytest.mark.django_db
def test_refusal_is_not_kept_for_a_key(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)

    refused = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    document_builders.make_organisation(portal)
    done = program.post("sync-runs/", YEAR, Idempotency_Key="a")

    assert (refused.status_code, done.status_code) == (409, 201)


@pytest.mark.django_db
def test_old_answers_are_forgotten(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    api_client.program_of(admin).post("sync-runs/", YEAR, Idempotency_Key="a")

    assert idempotency.forget_old(now=timezone.now()) == 0
    assert idempotency.forget_old(now=timezone.now() + idempotency.KEEP) == 1


@pytest.mark.django_db(transaction=True)
def test_same_key_at_the_same_moment_starts_one_re_sync(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(program.post("sync-runs/", YEAR, Idempotency_Key="a"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert sum("Idempotent-Replayed" in one.headers for one in answers) == 3
    assert SyncRun.objects.filter(requested_by=admin).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "date_from"),
        ({"date_from": "2026-02-31", "date_to": "2026-03-01"}, "date_from"),
        ({"date_from": "2026-03-02", "date_to": "2026-03-01"}, "date_to"),
        ({"date_from": "2026-01-01", "date_to": "99999-03-01"}, "date_to"),
        ({**YEAR, "what": "everything"}, "what"),
        ([1], "body"),
    ],
)
def test_re_sync_is_refused_at_the_field_when_it_cannot_be(
    portal: Portal, body: Any, field: str
) -> None:
    document_builders.make_organisation(portal)
    program = api_client.program_of(builders.make_user(portal, portal_admin=True))

    answer = program.post("sync-runs/", body)

    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    # The first release named the field at the top.
    assert answer.json()[field] == answer.json()["errors"][field]
    assert not SyncRun.objects.exclude(is_first=True).exists()


@pytest.mark.django_db
def test_rights_are_those_of_the_page(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    run = resyncs.make_run(portal)
    owner = api_client.program_of(builders.make_user(portal, portal_admin=True))
    watcher = api_client.program_of(
        builders.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    )
    colleague = api_client.program_of(builders.make_user(portal))
    stranger = api_client.program_of(builders.make_user(builders.make_portal(), portal_admin=True))

    assert watcher.get(f"sync-runs/{run.pk}/").status_code == 200
    assert watcher.post(f"sync-runs/{run.pk}/cancel/").status_code == 403
    assert colleague.get("sync-runs/").status_code == 403
    for method in (stranger.get, stranger.post):
        assert method(f"sync-runs/{run.pk}/cancel/").status_code in {404, 405}
    assert stranger.get(f"sync-runs/{run.pk}/").status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert owner.post(f"sync-runs/{run.pk}/cancel/").status_code == 200
