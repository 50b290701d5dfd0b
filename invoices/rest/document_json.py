"""A document as programs read it: Xero's own figures and ours beside them.

Amounts are text, in the document's currency. `amount_paid` and `amount_credited` follow
`invoices.settlement`, as on every page, so that rows add up: total less paid less credited is due.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connected_apps.models import Organisation
from invoices import amounts, applied, queries, settlement, words
from invoices.models import Document, Kind, LineItem, Payment
from lrm.rest.fields import Instant

LINES, PAYMENTS, APPLICATIONS = "lines", "payments", "applications"
PARTS = (LINES, PAYMENTS, APPLICATIONS)


@extend_schema_field({"type": "string", "pattern": r"^-?\d+\.\d{2,4}$", "example": "110.00"})
class Money(serializers.Field[Any, Any, str, Any]):
    """An amount as text, two decimals or up to four."""

    def to_representation(self, value: Any) -> str:
        """Return it as text."""
        return amounts.plain(value)


class LearnerOfDocument(serializers.Serializer[queries.LearnerNumber]):
    """A learner whose document it is."""

    id = serializers.IntegerField()
    number = serializers.CharField()


class ContactOfDocument(serializers.Serializer[Any]):
    """The contact in Xero that a document is billed to."""

    id = serializers.IntegerField(
        allow_null=True, help_text="Null where the contact is not stored here."
    )
    xero_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class Line(serializers.ModelSerializer[LineItem]):
    """One line of a document."""

    unit_amount = Money(allow_null=True)
    tax_amount = Money(allow_null=True)
    line_amount = Money(allow_null=True)
    quantity = serializers.SerializerMethodField(help_text="With as many decimals as it has.")

    class Meta:
        model = LineItem
        fields = (
            *("position", "xero_id", "description", "quantity", "unit_amount"),
            *("tax_amount", "line_amount", "account_code", "tax_type"),
        )

    def get_quantity(self, line: LineItem) -> str | None:
        """Return it as text, with as many decimals as it has."""
        return None if line.quantity is None else f"{line.quantity.normalize():f}"


class PaymentOfDocument(serializers.ModelSerializer[Payment]):
    """A payment of an invoice, or a refund of a credit."""

    amount = Money()

    class Meta:
        model = Payment
        fields = ("xero_id", "date", "amount", "reference")


class Application(serializers.Serializer[applied.Application]):
    """What of a credit was put towards an invoice, told from either side."""

    name = serializers.CharField(help_text="The other document.")
    document_id = serializers.IntegerField(
        allow_null=True, help_text="Null where the other document is not stored here."
    )
    amount = Money()
    date = serializers.DateField(source="on", allow_null=True)


class DocumentJson(serializers.Serializer[Document]):
    """An invoice, credit note, overpayment or prepayment."""

    id = serializers.IntegerField()
    xero_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    number = serializers.CharField(help_text="Empty where it has none.")
    reference = serializers.CharField()
    status = serializers.CharField(help_text="Xero's own word, such as AUTHORISED.")
    status_in_words = serializers.SerializerMethodField(
        help_text="What people read, such as `Overdue by 3 days`."
    )
    date = serializers.DateField(allow_null=True)
    due_date = serializers.DateField(allow_null=True)
    fully_paid_on = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    sub_total = Money()
    total_tax = Money()
    total = Money()
    amount_paid = Money(source="paid", help_text="Paid of an invoice, refunded of a credit.")
    amount_credited = Money(
        source="credited", help_text="Credited to an invoice, used of a credit."
    )
    amount_due = Money(help_text="Due on an invoice, left of a credit.")
    contact = serializers.SerializerMethodField(help_text="Whom it is billed to.")
    learners = serializers.SerializerMethodField(
        help_text="The learners that its contact is, and on whose pages it shows."
    )
    is_withheld = serializers.SerializerMethodField(
        help_text="True where a merge of contacts in Xero took it from another learner: until a "
        "person says that the two share the contact, it shows on no page of who has it now."
    )
    changed_in_xero_at = Instant(source="updated_at")
    synced_at = Instant(help_text="When this version was stored here.")
    lines = serializers.SerializerMethodField(help_text="With `include=lines`, and of one alone.")
    payments = serializers.SerializerMethodField(help_text="The same with `include=payments`.")
    applications = serializers.SerializerMethodField(
        help_text="The same with `include=applications`: what of credits was used for what."
    )

    def get_status_in_words(self, document: Document) -> str:
        """Return what people read, such as "Overdue by 3 days"."""
        settled: Any = document  # Annotated with what was settled.
        return words.status_of(settled, today=self.context["today"]).text

    @extend_schema_field(ContactOfDocument)
    def get_contact(self, document: Document) -> dict[str, Any]:
        """Return whom it is billed to."""
        contact_id = document.contact_xero_id
        return {
            "id": self.context["payers"].get(contact_id),
            "xero_id": str(contact_id) if contact_id else None,
            "name": document.contact_name,
        }

    @extend_schema_field(LearnerOfDocument(many=True))
    def get_learners(self, document: Document) -> Any:
        """Return the learners that its contact is, and on whose pages it shows."""
        return [{"id": one.id, "number": one.number} for one in self._named(document).learners]

    def get_is_withheld(self, document: Document) -> bool:
        """Return whether a merge in Xero keeps it off the page of a learner."""
        return self._named(document).is_withheld

    def _named(self, document: Document) -> queries.OfDocument:
        named: dict[int, queries.OfDocument] = self.context["named"]
        return named.get(document.pk, queries.OfDocument())

    @extend_schema_field(Line(many=True, allow_null=True))
    def get_lines(self, document: Document) -> Any:
        """Return its lines, where they were asked for."""
        return self._part(LINES, document, Line)

    @extend_schema_field(PaymentOfDocument(many=True, allow_null=True))
    def get_payments(self, document: Document) -> Any:
        """Return its payments, where they were asked for."""
        return self._part(PAYMENTS, document, PaymentOfDocument)

    @extend_schema_field(Application(many=True, allow_null=True))
    def get_applications(self, document: Document) -> Any:
        """Return what was applied, where it was asked for."""
        return self._part(APPLICATIONS, document, Application)

    def _part(self, name: str, document: Document, item: Any) -> Any:
        if name not in self.context:
            return None
        return item(self.context[name].get(document.pk, ()), many=True).data


def written(
    documents: Sequence[Document],
    *,
    organisation: Organisation,
    today: datetime.date,
    parts: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Return documents with what was settled of them, by a fixed number of queries.

    :param documents: as `invoices.settlement.with_settlement` gives them.
    """
    contacts: set[UUID | None] = {one.contact_xero_id for one in documents}
    context: dict[str, Any] = {
        "today": today,
        "named": queries.learners_by_document(
            organisation=organisation, contacts={one.pk: one.contact_xero_id for one in documents}
        ),
        "payers": queries.payer_ids(contacts, organisation=organisation),
        **_parts_of(documents, organisation, set(parts)),
    }
    return [DocumentJson(one, context=context).data for one in documents]


def settled(documents: Any) -> Any:
    """Return a query of documents as `written` takes them."""
    return settlement.with_settlement(documents).defer("raw", "digest", "previous_digest")


def _parts_of(
    documents: Sequence[Document], organisation: Organisation, wanted: set[str]
) -> dict[str, Any]:
    ids = [one.pk for one in documents]
    found: dict[str, Any] = {}
    if LINES in wanted:
        lines = LineItem.objects.filter(document_id__in=ids).order_by("document_id", "position")
        found[LINES] = _by_document(lines)
    if PAYMENTS in wanted:
        payments = Payment.objects.filter(document_id__in=ids).order_by("date", "id")
        found[PAYMENTS] = _by_document(payments)
    if APPLICATIONS in wanted:
        found[APPLICATIONS] = applied.applications_of(documents, organisation=organisation)
    return found


def _by_document(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.document_id].append(row)
    return dict(grouped)
