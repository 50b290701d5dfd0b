"""The filters of report #0442, as they stand in the address."""

from datetime import date
from typing import Any

from django import forms

from connected_apps import financial_years
from connected_apps.models import Organisation
from invoices import words
from invoices.models import DocumentSum, DocumentSumChange, Kind
from lrm import day_formats
from lrm.models import Learner, Portal
from reports import periods
from reports.synced_invoices import Criteria

FIELDS = (
    *("date_from", "date_to", "by", "kind", "status", "age", "currency"),
    *("learner", "q", "no_learner", "as_at", "sort"),
)
_AGES = (
    ("", "Any age"),
    ("overdue", "Overdue"),
    ("30", "Overdue 1 to 30 days"),
    ("60", "Overdue 31 to 60 days"),
    ("90", "Overdue 61 to 90 days"),
    ("over-90", "Overdue over 90 days"),
)
_SORTS = (
    ("", "Newest first"),
    ("oldest", "Oldest first"),
    ("due", "By due date"),
    ("total", "Largest total first"),
    ("left", "Most due first"),
    ("synced", "Last synced first"),
)


def date_field(label: str) -> forms.DateField:
    """Return a field for a day that may be left empty."""
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": "This is not a date. Write it like 2026-07-01."},
    )


def choice_field(label: str, choices: Any, what: str) -> forms.ChoiceField:
    """Return a field for one of several things; `what` names them where none was meant."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": f"Choose {what} from the list."},
    )


class ReportFilter(forms.Form):
    """What the report may be narrowed to. Empty means: all of them."""

    date_from = date_field("Dated from")
    date_to = date_field("Dated to")
    q = forms.CharField(
        label="Find",
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "type": "search",
                "placeholder": "Invoice number, contact or learner",
            }
        ),
    )
    by = choice_field(
        "Dates are", [("", "Document dates"), ("synced", "When synced")], "what the dates are"
    )
    kind = choice_field(
        "Kind",
        [("", "All kinds"), *((kind.value, f"{kind.label}s") for kind in Kind)],
        "a kind",
    )
    status = choice_field("Status", [("", "All statuses"), *words.STATUS_CHOICES], "a status")
    age = choice_field("Overdue", _AGES, "an age")
    # Its choices are the organisation's own, see `__init__`.
    currency = choice_field("Currency", [("", "All currencies")], "a currency")
    learner = forms.CharField(
        label="Learner number",
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "All"}),
    )
    as_at = date_field("As at a past day")
    sort = choice_field("Order", _SORTS, "an order")
    no_learner = forms.BooleanField(
        label="No learner",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(
        self,
        *args: Any,
        portal: Portal,
        organisation: Organisation | None,
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._portal, self._today = portal, today
        field = self.fields["currency"]
        known = currencies_of(organisation) if organisation else []
        # In lower case too, since addresses are typed.
        asked = str(self.data.get("currency", "")).upper()
        if asked != self.data.get("currency", ""):
            self.data = {**self.data, "currency": asked}
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for mypy: it is declared above.
        field.choices = [("", "All currencies"), *((one, one) for one in known)]

    @property
    def active_count(self) -> int:
        """How many filters narrow the rows; the dates are one, and an order is none."""
        alone = ("q", "kind", "status", "age", "currency", "learner", "no_learner", "as_at")
        dated = any(self.data.get(name) for name in ("date_from", "date_to"))
        return dated + sum(bool(self.data.get(name)) for name in alone)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything of what is folded away is set or wrong."""
        folded = ("by", "kind", "status", "age", "currency", "learner", "as_at", "sort")
        return any(self.data.get(name) or name in self.errors for name in folded)

    def clean_learner(self) -> Learner | None:
        """Return the learner with this number; the portal's own only."""
        number = self.cleaned_data["learner"]
        if not number:
            return None
        learner = self._portal.learners.filter(number=number).first()
        if learner is None:
            raise forms.ValidationError(f"No learner here has the number {number}.")
        return learner

    def clean_as_at(self) -> date | None:
        """Refuse a day that has not come: nobody knows what will be paid until then."""
        day: date | None = self.cleaned_data["as_at"]
        if day is not None and day > self._today:
            raise forms.ValidationError(
                f"This day has not come yet. Choose {day_formats.short_day(self._today)} or before."
            )
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("date_from"), cleaned.get("date_to")
        if start and end and end < start:
            self.add_error(
                "date_to",
                "The end is before the start. Choose an end on or after "
                f"{periods.in_words(start, None).removeprefix('From ')}.",
            )
        return cleaned

    def criteria(self, organisation: Organisation, *, today: date) -> Criteria:
        """Return what was asked for. Only for a form without errors."""
        asked = dict(self.cleaned_data)
        return Criteria(
            organisation=organisation,
            today=asked["as_at"] or today,
            by_synced=asked.pop("by") == "synced",
            text=asked.pop("q"),
            **asked,
        )


def currencies_of(organisation: Organisation) -> list[str]:
    """Return the currencies of the organisation's documents, its own first."""
    sums = DocumentSum.objects.filter(organisation=organisation, grain="M")
    changes = DocumentSumChange.objects.filter(organisation=organisation)
    found = sums.values_list("currency").union(changes.values_list("currency"))
    known = {currency for (currency,) in found if currency}
    own = organisation.base_currency
    return [*([own] if own else []), *sorted(known - {own})]


def asked_for(
    address: dict[str, str], *, today: date, year_end: financial_years.YearEnd = (6, 30)
) -> dict[str, str]:
    """Return the filters of an address; this financial year where it names none at all."""
    asked = {name: address[name] for name in FIELDS if name in address}
    if set(asked) - {"sort"}:
        return asked
    first, last = financial_years.year_of(today, year_end=year_end)
    return {**asked, "date_from": first.isoformat(), "date_to": last.isoformat()}
