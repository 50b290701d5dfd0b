"""What the search in the header finds among documents, as lines of its page."""

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from connected_apps import book_days
from connected_apps import queries as connections
from invoices import amounts, words
from invoices.listing import document_finder
from invoices.listing.document_finder import MOST, Finding
from invoices.listing.document_rows import DocumentRow
from lrm import access, day_formats, panels


def find(request: access.SignedInRequest, text: str) -> panels.Found:
    """Return the documents whose number, reference or total was typed; none where none show."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return panels.Found()
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())
    found = document_finder.findings_for(organisation=organisation, text=text)
    exact = [_address(one.row) for one in found if one.is_exact]
    return panels.Found(
        hits=tuple(
            panels.Hit(
                title=one.row.name,
                url=_address(one.row),
                detail=_detail(one),
                aside=f"{amounts.grouped(one.row.total)} {one.row.currency}".strip(),
                pill=render_to_string(
                    "invoices/status.html", {"status": words.status_of(one.row, today=today)}
                ),
            )
            for one in found[:MOST]
        ),
        has_more=len(found) > MOST,
        # Two documents may have one number, since Xero lets credits repeat an invoice's.
        exact=exact[0] if len(exact) == 1 else "",
    )


def _address(row: DocumentRow) -> str:
    return reverse("document_detail", args=[row.id])


def _detail(one: Finding) -> str:
    row = one.row
    kind = row.kind_label if row.number else ""
    reference = f"Reference {row.reference[:80]}" if one.why == "reference" else ""
    learners = f"({row.learner_number})" if row.learners else ""
    whose = f"{row.contact_name or 'No contact'} {learners}".strip()
    day = day_formats.short_day(row.date) if row.date else ""
    return " · ".join(filter(None, (kind, reference, whose, day, row.withheld_words)))
