"""What a document said before: one item for each change, newest first."""

import datetime
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import queries as connections
from invoices import queries
from invoices.models import Document, ReadBy
from lrm import permissions
from lrm.rest import cursors, schema
from lrm.rest.fields import Instant, ListQuery
from lrm.rest.views import ApiView, Rights
from xero_sync.document_history import versions


def _moment(value: Any) -> datetime.datetime:
    moment = parse_datetime(value)
    if moment is None or moment.tzinfo is None:
        raise ValueError("no moment")
    return moment


ORDER = cursors.Order(
    "versions", (("replaced_at", _moment), ("id", cursors.whole)), is_newest_first=True
)


class ChangeJson(serializers.Serializer[Any]):
    """One field, before and after, in words; of a line that came or went only one has words."""

    field = serializers.CharField(source="label")
    before = serializers.CharField()
    after = serializers.CharField()


class VersionJson(serializers.Serializer[Any]):
    """A version that a later one replaced, and what that one changed."""

    id = serializers.IntegerField(source="row.pk")
    changed_in_xero_at = Instant(
        source="row.updated_at", help_text="When this version was made in Xero."
    )
    stored_at = Instant(source="row.stored_at")
    replaced_at = Instant(source="row.replaced_at")
    replaced_by = serializers.ChoiceField(
        choices=ReadBy.choices, source="row.replaced_by", help_text="What brought the later one."
    )
    changes = ChangeJson(source="step.changes", many=True)


class DocumentVersions(ApiView):
    """The versions of one document that were replaced."""

    rights = Rights(permissions.may_see_learners)

    @schema.lists(
        VersionJson,
        query=ListQuery,
        summary="What a document said before",
        tag="Documents",
        name="documents_versions",
    )
    def get(self, request: Request, document_id: int) -> Response:
        """List what was replaced, newest first; what is too old to be kept is not among it."""
        asked = self.asked(request, ListQuery)
        portal = self.portal(request)
        document = queries.document_of_portal(
            portal=portal,
            organisation=connections.current_organisation(portal),
            document_id=document_id,
        )
        if document is None:
            raise Http404
        rows = document.versions.defer("raw", "digest")
        page = cursors.page_of(rows, ORDER, cursor=asked["cursor"], limit=asked["limit"])
        items: Any = VersionJson(_with_steps(document, page.rows), many=True)
        return self.page(request, page, items.data)


def _with_steps(document: Document, rows: list[Any]) -> list[dict[str, Any]]:
    """Return rows with what came after each, as the page of the history reads it."""
    if not rows:
        return []
    first = rows[0]
    newer = document.versions.filter(
        Q(replaced_at__gt=first.replaced_at) | Q(replaced_at=first.replaced_at, pk__gt=first.pk)
    ).count()
    steps = {one.before_pk: one for one in versions.Steps(document)[newer : newer + len(rows)]}
    return [{"row": row, "step": steps[row.pk]} for row in rows if row.pk in steps]
