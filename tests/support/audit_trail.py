"""All that the product writes down of who did what, as one list; and a person who acts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from connected_apps.models import AuditEvent, Organisation
from invoices.models import ContactLinkChange, CoverChange
from lrm.models import BatchJob, LearnerChange, Portal, PortalChange, User
from reports.models import ReportScheduleChange
from tests.support import builders, document_builders

# Each with what names the act and who did it. What a job does is written down line by line, too.
_TRAILS: tuple[tuple[type[Model], str, str], ...] = (
    (AuditEvent, "action", "actor_id"),
    (PortalChange, "act", "by_id"),
    (LearnerChange, "fields", "by_id"),
    (ContactLinkChange, "change", "by_id"),
    (CoverChange, "act", "by_id"),
    (ReportScheduleChange, "act", "by_id"),
    (BatchJob, "kind", "by_id"),
)
Line = tuple[str, str, int | None]


def lines() -> Iterator[Line]:
    """Yield every line there is, as (trail, act, who): trail by trail, the oldest first."""
    for model, act, who in _TRAILS:
        for row in model._default_manager.order_by("pk"):
            named = getattr(row, act)
            words = named if isinstance(named, str) else ", ".join(named) or "created"
            yield model.__name__, words, getattr(row, who)


def made_since(before: list[Line]) -> list[Line]:
    """Return the lines of people that there were not before; what follows is the system's."""
    made = list(lines())
    for line in before:
        made.remove(line)
    return [line for line in made if line[2] is not None]


@dataclass
class Person:
    """Somebody of a portal at their browser, whose every POST is held against the trails."""

    portal: Portal
    user: User
    client: Client
    # {name of an address: what its last POST left in the trails}
    left: dict[str, list[Line]] = field(default_factory=dict)

    @property
    def organisation(self) -> Organisation:
        """Return the portal's organisation in Xero, of rows alone where there was none yet."""
        found = Organisation.objects.filter(portal=self.portal).first()
        return found or document_builders.make_organisation(self.portal)

    def post(self, name: str, /, *ids: Any, **form: Any) -> Any:
        """Send a form, which must be taken, and keep what it left in the trails."""
        answer = self.post_from(self.client, name, *ids, **form)
        assert answer.headers.get("Location", "").partition("?")[0] != reverse("sign_in")
        return answer

    def post_from(self, client: Client, name: str, /, *ids: Any, **form: Any) -> Any:
        """Do the same at another browser, which may be led to sign in."""
        before = list(lines())
        kind = "application/json" if name.startswith("api_") else MULTIPART_CONTENT
        answer = client.post(reverse(name, args=ids), form, content_type=kind)
        assert answer.status_code < 400, answer.content.decode()
        self.left[name] = made_since(before)
        return answer


def person_of(portal: Portal) -> Person:
    """Return somebody who may do everything there is to do in a portal."""
    user = builders.make_user(
        portal, portal_admin=True, accounts=True, first_name="Morgan", last_name="Hale"
    )
    return Person(portal, user, builders.client_of(user))
