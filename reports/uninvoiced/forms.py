"""The filters of report #0443, as they stand in the address."""

from datetime import date, timedelta
from typing import Any

from django import forms

from connected_apps.models import Organisation
from lrm.models import Portal
from reports.forms import choice_field, date_field
from reports.uninvoiced.criteria import BILLED, TO_INVOICE, Criteria

FIELDS = ("since", "who", "show", "contact", "asked")
DAYS = 90
_SHOWN = {"": TO_INVOICE, "billed": BILLED}


class LearnersFilter(forms.Form):
    """Whom the report may be narrowed to."""

    since = date_field("Added or ticked since")
    who = choice_field("Sync to Xero", [("", "On"), ("all", "On or off")], "whom to list")
    show = choice_field(
        "Show", [("", "To invoice"), ("billed", "Billed to somebody else")], "what to show"
    )
    contact = choice_field(
        "Contact in Xero", [("", "With or without"), ("yes", "With"), ("no", "Without")], "one"
    )
    asked = forms.BooleanField(
        label="A question waits",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def criteria(self, portal: Portal, organisation: Organisation) -> Criteria:
        """Return what was asked for. Only for a form without errors."""
        asked = self.cleaned_data
        return Criteria(
            portal=portal,
            organisation=organisation,
            since=asked["since"],
            ticked_only=asked["who"] != "all",
            state=_SHOWN[asked["show"]],
            contact=asked["contact"],
            asked_only=asked["asked"],
        )

    def in_words(self) -> str:
        """Return what narrows the rows besides the day, in words."""
        asked = self.cleaned_data
        parts = [
            "with Sync to Xero on" if asked["who"] != "all" else "",
            "billed to somebody else" if asked["show"] else "",
            {"yes": "with a contact in Xero", "no": "without a contact in Xero"}.get(
                asked["contact"], ""
            ),
            "of whom a question waits" if asked["asked"] else "",
        ]
        return ", ".join(filter(None, parts))


def asked_for(address: dict[str, Any], *, today: date) -> dict[str, str]:
    """Return the filters of an address; the last ninety days where it names none at all."""
    asked = {name: str(address[name]) for name in FIELDS if name in address}
    return asked or {"since": (today - timedelta(days=DAYS)).isoformat()}
