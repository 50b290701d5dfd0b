"""Forms of the sync: a range of days or moments, checked at the field it concerns."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from xero_sync.models import RunWhat
from xero_sync.runs import changed_spans, date_ranges

_BAD_DATE = "Enter a date such as 2026-03-31."
# In the order in which people know them, each with its label and what it does.
_WHAT: dict[RunWhat, tuple[str, str]] = {
    RunWhat.LEARNERS: (
        "Learners that are not in Xero",
        "Sends learners that were changed on these days and are not in Xero, and then checks each "
        "against its contact there.",
    ),
    RunWhat.DOCUMENTS: (
        str(RunWhat.DOCUMENTS.label),
        "Reads invoices and credits dated on these days again, and checks that none is missing. "
        "Nothing is changed in Xero.",
    ),
    RunWhat.CHANGED: (
        str(RunWhat.CHANGED.label),
        "Reads invoices and credits that changed in Xero since the first moment, such as when "
        "instant updates were off, whatever their date, and checks that each is here.",
    ),
}


def _day_field(label: str, required: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        error_messages={"required": required, "invalid": _BAD_DATE},
        widget=forms.DateInput({"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )


def _time_field(label: str, help_text: str) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        help_text=help_text,
        error_messages={"invalid": "Enter a time such as 09:30."},
        widget=forms.TimeInput({"type": "time", "class": "form-control"}, format="%H:%M"),
    )


class ResyncForm(forms.Form):
    """What to re-sync, from when to when; inclusive dates in the organisation's own calendar."""

    what = forms.ChoiceField(
        label="What to re-sync",
        choices=[(what.value, label) for what, (label, _) in _WHAT.items()],
        initial=RunWhat.DOCUMENTS,
        required=False,
        widget=forms.RadioSelect({"class": "form-check-input"}),
    )
    date_from = _day_field("From", "Choose the first day.")
    date_to = _day_field("To", "Choose the last day.")
    time_from = _time_field("Start time", "The start of the day where this is left empty.")
    time_to = _time_field("End time", "The end of the day where this is left empty.")

    def __init__(
        self, *args: Any, today: date, zone: ZoneInfo, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.zone, self.now = today, zone, now

    @property
    def choices_in_words(self) -> list[tuple[Any, str]]:
        """Return what can be re-synced: each radio button with a sentence on what it does."""
        sentences = [sentence for _, sentence in _WHAT.values()]
        return list(zip(self["what"], sentences, strict=True))

    def clean_what(self) -> RunWhat:
        """Return the choice; documents where none was made."""
        return RunWhat(self.cleaned_data.get("what") or RunWhat.DOCUMENTS)

    def clean(self) -> dict[str, Any]:
        """Check the range as a whole, with the message at the field to mend.

        Return what a request takes: times only as a span, and that only for what changed.
        """
        cleaned = super().clean() or self.cleaned_data
        times = {name: cleaned.pop(name, None) for name in ("time_from", "time_to")}
        if "date_from" in cleaned and "date_to" in cleaned and not self.errors:
            try:
                self._check(cleaned, times)
            except date_ranges.BadRange as problem:
                self.add_error(problem.field, str(problem))
        return cleaned

    def _check(self, cleaned: dict[str, Any], times: dict[str, Any]) -> None:
        days = {name: cleaned[name] for name in ("date_from", "date_to")}
        date_ranges.check_range(**days, today=self.today, what=cleaned["what"])
        if cleaned["what"] == RunWhat.CHANGED:
            cleaned["span"] = changed_spans.of_fields(**days, **times, zone=self.zone, now=self.now)


class ActAgainForm(forms.Form):
    """Between which moments stored events were received that are to be acted on once more."""

    date_from = _day_field("From", "Choose the first day.")
    time_from = _time_field("Start time", "The start of the day where this is left empty.")
    date_to = _day_field("To", "Choose the last day.")
    time_to = _time_field("End time", "The end of the day where this is left empty.")

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now

    def clean(self) -> dict[str, Any]:
        """Return the span, with a message at the field to mend where there is none."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                cleaned = {"span": changed_spans.of_fields(**cleaned, zone=self.zone, now=self.now)}
            except date_ranges.BadRange as problem:
                self.add_error(problem.field, str(problem))
        return cleaned
