"""The small filter above the table: kind and status, in the words that the table uses."""

from datetime import date

from django import forms
from django.db.models import Q

from invoices import words
from invoices.models import Kind

OPEN = Q(status="AUTHORISED", amount_due__gt=0)

STATUSES = (
    ("", "Any status"),
    ("open", "Open: to be paid or used"),
    ("overdue", "Overdue"),
    ("settled", "Paid or used up"),
    ("unapproved", "Draft or awaiting approval"),
    ("cancelled", "Voided or deleted"),
)


class DocumentFilter(forms.Form):
    """Kind and status from the address. An unknown value is said at the field, not guessed at."""

    kind = forms.ChoiceField(
        choices=[("", "All kinds"), *((kind.value, f"{kind.label}s") for kind in Kind)],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choose a kind from the list."},
    )
    status = forms.ChoiceField(
        choices=STATUSES,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choose a status from the list."},
    )

    def condition(self, *, today: date) -> Q:
        """Return the condition of what was chosen; fields with errors do not narrow the list."""
        chosen = self.cleaned_data if self.is_bound else {}
        condition = Q()
        if chosen.get("kind"):
            condition &= Q(kind=chosen["kind"])
        return condition & _condition_of_status(chosen.get("status", ""), today)


def _condition_of_status(status: str, today: date) -> Q:
    conditions = {
        "open": OPEN,
        "overdue": OPEN & Q(kind=Kind.INVOICE, due_date__lt=today),
        "settled": Q(status="PAID"),
        "unapproved": Q(status__in=words.UNAPPROVED),
        "cancelled": Q(status__in=words.CANCELLED),
    }
    return conditions.get(status, Q())
