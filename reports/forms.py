"""The filters of report #0442, as they stand in the address."""

from datetime import date
from typing import Any

from django import forms

from connected_apps.models import Organisation
from invoices import words
from invoices.models import Kind
from lrm.models import Learner, Portal
from reports import periods
from reports.synced_invoices import Criteria

FIELDS = ("date_from", "date_to", "kind", "status", "currency", "learner")


def _date_field(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": "This is not a date. Write it like 2026-07-01."},
    )


class ReportFilter(forms.Form):
    """Document dates, kind, status, currency and learner. Empty means: all of them."""

    date_from = _date_field("Dated from")
    date_to = _date_field("Dated to")
    kind = forms.ChoiceField(
        choices=[("", "All kinds"), *((kind.value, f"{kind.label}s") for kind in Kind)],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choose a kind from the list."},
    )
    status = forms.ChoiceField(
        choices=[("", "All statuses"), *words.STATUS_CHOICES],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choose a status from the list."},
    )
    currency = forms.RegexField(
        regex=r"^[A-Za-z]{3}$",
        required=False,
        widget=forms.TextInput(
            attrs={"class": "form-control", "maxlength": 3, "placeholder": "All", "size": 4}
        ),
        error_messages={"invalid": "Write three letters, such as AUD."},
    )
    learner = forms.CharField(
        label="Learner number",
        required=False,
        max_length=50,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": "All"}),
    )

    def __init__(self, *args: Any, portal: Portal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._portal = portal

    def clean_currency(self) -> str:
        """Return the currency as Xero writes it."""
        return str(self.cleaned_data["currency"]).upper()

    def clean_learner(self) -> Learner | None:
        """Return the learner with this number; the portal's own only."""
        number = self.cleaned_data["learner"]
        if not number:
            return None
        learner = self._portal.learners.filter(number=number).first()
        if learner is None:
            raise forms.ValidationError(f"No learner here has the number {number}.")
        return learner

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("date_from"), cleaned.get("date_to")
        if start and end and end < start:
            self.add_error(
                "date_to", f"The end is before the start. Choose {start.isoformat()} or later."
            )
        return cleaned

    def criteria(self, organisation: Organisation) -> Criteria:
        """Return what was asked for. Only for a form without errors."""
        return Criteria(organisation=organisation, **self.cleaned_data)


def asked_for(address: dict[str, str], *, today: date) -> dict[str, str]:
    """Return the filters of an address; this financial year where it names none at all."""
    asked = {name: address[name] for name in FIELDS if name in address}
    if asked:
        return asked
    first, last = periods.financial_year_of(today)
    return {"date_from": first.isoformat(), "date_to": last.isoformat()}
