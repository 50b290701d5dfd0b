"""A portal that stands beside the one a test plays in, on the same organisation in Xero.

No test is about it. So whoever forgets the portal in a query is found in any of them: what is the
neighbours' must be the same at the end as it was, and no page that anybody opens has a word of
theirs. They have a learner with a number that many tests use, and are not connected, so that
nothing is fetched for them. Tests of two portals that both work have `linked.neighbour_of`.
"""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Model

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, ContactLinkChange, Document
from lrm.models import Learner, Portal
from tests.support.neighbours import MARK, SLUG
from xero_sync.models import ContactPush, WebhookEvent

# Learners of many tests have it.
NUMBER = "L900001"
_THEIRS: tuple[tuple[type[Model], str], ...] = (
    (Learner, "portal__slug"),
    (ContactPush, "learner__portal__slug"),
    (ContactLinkChange, "learner__portal__slug"),
    (ContactLink, "learner__portal__slug"),
    (Contact, "organisation__portal__slug"),
    (Document, "organisation__portal__slug"),
    (WebhookEvent, "organisation__portal__slug"),
)


@contextlib.contextmanager
def beside() -> Iterator[None]:
    """Let the neighbours stand there, and see in the end that nobody touched what is theirs."""
    if not Portal.objects.filter(slug=SLUG).exists():
        _settle()
    before = _all_of_theirs()
    yield
    if not connection.needs_rollback:
        assert _all_of_theirs() == before, "What is another portal's was changed"


def _settle() -> None:
    portal = Portal.objects.create(name=f"{MARK} Institute", slug=SLUG)
    Learner.objects.create(
        portal=portal,
        number=NUMBER,
        given_name="Imogen",
        family_name=MARK,
        # Of whom many tests are about.
        email="imogen@example.com",
        sync_to_xero=True,
    )
    Organisation.objects.create(portal=portal, tenant_id=uuid.uuid4(), name=f"{MARK} Pty Ltd")


def _all_of_theirs() -> list[list[dict[str, Any]]]:
    return [
        list(model._default_manager.filter(**{owner: SLUG}).order_by("pk").values())
        for model, owner in _THEIRS
    ]
