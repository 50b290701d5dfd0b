"""The re-sync form: a date range, checked at the field it concerns."""

from datetime import date
from typing import Any

from django import forms

from xero_sync.models import RunWhat
from xero_sync.runs import date_ranges

_BAD_DATE = "Enter a date such as 2026-03-31."
# In the order in which people know them, each with what it does.
_WHAT: dict[RunWhat, str] = {
    RunWhat.LEARNERS: (
        "Sends learners that were changed on these days and are not in Xero, and then checks each "
        "against its contact there."
    ),
    RunWhat.DOCUMENTS: (
        "Reads invoices and credits dated on these days again, and checks that none is missing. "
        "Nothing is changed in Xero."
    ),
}


class ResyncForm(forms.Form):
    """What to re-sync, from when to when; inclusive dates in the organisation's own calendar."""

    what = forms.ChoiceField(
        label="What to re-sync",
        choices=[(what.value, what.label) for what in _WHAT],
        initial=RunWhat.DOCUMENTS,
        required=False,
        widget=forms.RadioSelect({"class": "form-check-input"}),
    )
    date_from = forms.DateField(
        label="From",
        error_messages={"required": "Choose the first day.", "invalid": _BAD_DATE},
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    date_to = forms.DateField(
        label="To",
        error_messages={"required": "Choose the last day.", "invalid": _BAD_DATE},
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    @property
    def choices_in_words(self) -> list[tuple[Any, str]]:
        """Return what can be re-synced: each radio button with a sentence on what it does."""
        return list(zip(self["what"], _WHAT.values(), strict=True))

    def clean_what(self) -> RunWhat:
        """Return the choice; documents where none was made."""
        return RunWhat(self.cleaned_data.get("what") or RunWhat.DOCUMENTS)

    def clean(self) -> dict[str, Any]:
        """Check the range as a whole, with the message at the field to mend."""
        cleaned = super().clean() or self.cleaned_data
        if "date_from" in cleaned and "date_to" in cleaned:
            try:
                date_ranges.check_range(
                    date_from=cleaned["date_from"],
                    date_to=cleaned["date_to"],
                    today=self.today,
                    what=cleaned.get("what") or RunWhat.DOCUMENTS,
                )
            except date_ranges.BadRange as problem:
                self.add_error(problem.field, str(problem))
        return cleaned
