"""The form by which a person makes a schedule."""

from typing import Any
from urllib.parse import urlencode

from django import forms

from lrm.models import Portal, User
from reports import forms as filter_forms
from reports.forms import choice_field
from reports.models import Attached, Cadence, Report, Span
from reports.schedules import contents, due_times, requests
from reports.uninvoiced import forms as uninvoiced_forms

_FIELDS = {
    Report.SYNCED_INVOICES: filter_forms.FIELDS,
    Report.LEARNERS_TO_INVOICE: uninvoiced_forms.FIELDS,
}
_HOURS = [(hour, f"{hour % 12 or 12}:00 {'am' if hour < 12 else 'pm'}") for hour in range(24)]


def kept_query(report: str, address: dict[str, Any]) -> str:
    """Return the filters of a report in an address, and nothing else of it."""
    fields = _FIELDS[Report(report)]
    return urlencode({name: str(address[name]) for name in fields if name in address})


def _number_field(label: str, choices: list[tuple[int, str]], what: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=choices,
        coerce=int,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": f"Choose {what} from the list."},
    )


class _People(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # None when it runs.
    """People by their names and addresses."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name with the address, by which two of one name are told apart."""
        return f"{obj} ({obj.email})"


class ScheduleForm(forms.Form):
    """When, with what, to whom."""

    cadence = choice_field("How often", Cadence.choices, "how often")
    weekday = _number_field("Day of the week", list(enumerate(due_times.WEEKDAYS)), "a day")
    day_of_month = _number_field(
        "Day of the month",
        [(day, f"{day}" if day < 31 else "Last day") for day in range(1, 32)],
        "a day",
    )
    hour = _number_field("Hour", _HOURS, "an hour")
    span = choice_field("Dates", Span.choices, "which dates")
    attached = choice_field("Attach", Attached.choices, "what to attach")
    recipients = _People(
        queryset=User.objects.none(),
        label="Send to",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": "Choose somebody to send it to."},
    )

    def __init__(self, *args: Any, portal: Portal, report: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [user.pk for user in requests.possible_recipients(portal)]
        field = self.fields["recipients"]
        assert isinstance(field, _People)  # noqa: S101 - for mypy: it is declared above.
        field.queryset = User.objects.filter(pk__in=people).order_by(
            "first_name", "last_name", "username"
        )
        spans = self.fields["span"]
        assert isinstance(spans, forms.ChoiceField)  # noqa: S101 - as above
        spans.choices = [(span.value, span.label) for span in contents.SPANS[report]]
        for name in ("cadence", "span", "attached"):
            self.fields[name].required = True
        self.fields["day_of_month"].help_text = "Of shorter months, the last day."
        self.fields["hour"].help_text = f"By the portal's clock, {portal.time_zone}."

    def wish(self, report: str, query: str) -> requests.Wish:
        """Return what was asked for. Only for a form without errors."""
        asked = {name: value for name, value in self.cleaned_data.items() if name != "recipients"}
        return requests.Wish(report=report, query=query, **asked)
