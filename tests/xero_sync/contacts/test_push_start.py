"""Before a person starts it no learner is sent, however much waits; started, all ticked ones go."""

from typing import Any

import pytest
from django.test import Client

from connected_apps.models import AuditEvent
from lrm.models import Learner
from tests.support import builders, xero
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked, clock
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushStart

START = "/settings/connected-apps/xero/contacts/start/"


def save_by_form(linked: Linked, number: str = "L900001", **details: Any) -> Learner:
    """Add a ticked learner by the form."""
    typed = {
        "number": number,
        "given_name": "Imogen",
        "family_name": f"Made-Up {number}",
        "email": f"{number}@example.com",
        "country": "Australia",
        "sync_to_xero": "on",
        **details,
    }
    answer = builders.client_of(linked.manager).post("/learners/new/", typed)
    assert answer.status_code == 302, answer.content.decode()
    return linked.portal.learners.get(number=number)


def test_nothing_is_sent_after_connecting_until_somebody_starts(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()
    before = unstarted.books()

    unstarted.push()

    assert unstarted.books() == before
    assert push_queue.waiting_portals(now=clock()) == []
    assert ContactPush.objects.get().state == "PENDING"
