"""Answers that the API keeps, to give them once more: for which request, and what is in none."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lrm.models import ApiAnswer, Learner, Portal
from tests.support import api_client, builders, document_builders, every_column, resyncs
from tests.support.learners import save
from tests.support.linked import Linked, clock
from xero_sync.models import ContactPush, PushState, SyncRun

PATH = "/api/v1/sync-runs/"
NAMES = ("Zebedee", "Quillfeather", "ERASE-ME-7")


@pytest.mark.django_db
def test_file_in_a_form_does_no_harm_where_a_key_is_sent(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    secret = api_client.make_token(admin)

    def send(**more: Any) -> Any:
        fields = {"date_from": "2026-01-01", "date_to": "2026-01-31", **more}
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "a"}
        return Client().post(PATH, fields, headers=headers)

    first = send(file=SimpleUploadedFile("x", b"\xff"))
    again = send(file=SimpleUploadedFile("x", b"\xfe"))
    other = send(file=SimpleUploadedFile("x", b"\xff"), date_to="2026-02-28")

    assert first.status_code == 201, first.content
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 422


def refused(linked: Linked) -> Learner:
    """Return a learner whom Xero refused, by a re-sync that is under way."""
    resyncs.end_first(linked)
    learner = save(linked, number=NAMES[2], given_name=NAMES[0], family_name=NAMES[1])
    linked.work(resyncs.ask_for_learners(linked))
    ContactPush.objects.update(state=PushState.REFUSED, problem="No.")
    return learner


def test_kept_answer_names_no_learner_who_is_erased_later(linked: Linked) -> None:
    learner = refused(linked)
    program = api_client.program_of(linked.manager)
    today = clock().astimezone(linked.portal.zone).date()
    body = {"date_from": str(today - timedelta(days=1)), "date_to": str(today), "what": "learners"}

    told = program.post("sync-runs/", body, Idempotency_Key="a")
    run = SyncRun.objects.get(pk=told.json()["id"])
    named = program.get(f"sync-runs/{run.pk}/").json()["learners"]["named"]
    path = f"/learners/{learner.pk}/personal-data/erase/"
    gone = builders.client_of(linked.manager).post(path, {"number": NAMES[2]})
    again = program.post("sync-runs/", body, Idempotency_Key="a")

    assert (told.status_code, told.json()["learners"]["refused"]) == (200, 1)
    assert [one["name"] for one in named] == [" ".join(NAMES[:2])]
    assert gone.status_code == 302
    assert ApiAnswer.objects.get().body == again.json()
    assert every_column.places_of(*NAMES) == set()
