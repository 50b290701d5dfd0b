"""The filter above the table: kind, status, days and order, in the words that the table uses."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import F, Q

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


CREDITS = "CREDITS"
# What stands in the address, what people read, and the order. Of documents of one day the one that
# came last is the newest.
ORDERS = (
    ("", "Newest first", ("-date", "-id")),
    ("oldest", "Oldest first", ("date", "id")),
    ("due", "Due first", ("due_date", "-id")),
    ("number", "By number", ("number", "-id")),
    ("status", "By status", ("status", "-date", "-id")),
    ("total", "Largest total", ("-total", "-id")),
    ("open", "Most open", ("-amount_due", "-id")),
)
NAMES = ("kind", "status", "date_from", "date_to", "sort")


class DocumentFilter(forms.Form):
    """What the address asks for. An unknown value is said at the field, not guessed at."""

    kind = forms.ChoiceField(
        choices=[
            ("", "All kinds"),
            *((kind.value, f"{kind.label}s") for kind in Kind),
            (CREDITS, "All credits"),
        ],
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

    date_from = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}),
        error_messages={"invalid": "Enter a day such as 2026-07-01."},
    )
    date_to = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}),
        error_messages={"invalid": "Enter a day such as 2026-07-01."},
    )
    sort = forms.ChoiceField(
        label="Order",
        choices=[(value, label) for value, label, _ in ORDERS],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choose an order from the list."},
    )

    def full_clean(self) -> None:
        """Check everything, and mark the wrong fields for the eye as well."""
        super().full_clean()
        for name in self.errors:
            self.fields[name].widget.attrs["class"] += " is-invalid"

    @property
    def order(self) -> tuple[Any, ...]:
        """What the list is ordered by; documents without a day come last."""
        chosen = self.cleaned_data.get("sort", "") if self.is_bound else ""
        columns = next(columns for value, _, columns in ORDERS if value == chosen)
        return tuple(
            F(name.lstrip("-")).desc(nulls_last=True)
            if name.startswith("-")
            else F(name).asc(nulls_last=True)
            for name in columns
        )

    def condition(self, *, today: date) -> Q:
        """Return the condition of what was chosen; fields with errors do not narrow the list."""
        chosen = self.cleaned_data if self.is_bound else {}
        condition = Q()
        if chosen.get("kind") == CREDITS:
            condition &= ~Q(kind=Kind.INVOICE)
        elif chosen.get("kind"):
            condition &= Q(kind=chosen["kind"])
        if chosen.get("date_from"):
            condition &= Q(date__gte=chosen["date_from"])
        if chosen.get("date_to"):
            condition &= Q(date__lte=chosen["date_to"])
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
