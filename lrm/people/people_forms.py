"""The forms about people and their portal. Saving is the services' business."""

import zoneinfo
from typing import Any

from django import forms

from lrm.models import LrmRole, Portal, User
from lrm.people.accounts import Person, Rights

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# Of a user name in the database.
_LONGEST_NAME = 150


class StyledForm(forms.Form):
    """A form whose fields look like the others, and whose wrong ones are marked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxInput):
                look = "form-check-input"
            elif isinstance(field.widget, forms.Select):
                look = "form-select"
            else:
                look = "form-control"
            field.widget.attrs.setdefault("class", look)

    def full_clean(self) -> None:
        """Check everything, and mark the wrong fields for the eye as well."""
        super().full_clean()
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["class"] += " is-invalid"


class RightsForm(StyledForm):
    """What a person may do."""

    lrm_role = forms.ChoiceField(
        label="Learners",
        choices=[
            (LrmRole.NONE, "No access to learners"),
            (LrmRole.USER, "LRM user: sees and edits learners, sees their invoices"),
            (LrmRole.ADMIN, "LRM admin: the same, and may connect Xero as a portal admin"),
        ],
        initial=LrmRole.USER,
    )
    is_accounts = forms.BooleanField(
        label="Accounts",
        required=False,
        help_text="Runs finance reports; needs access to learners.",
    )
    is_portal_admin = forms.BooleanField(
        label="Portal admin",
        required=False,
        help_text="Invites people and changes their rights; sees Connected Apps.",
    )

    def rights(self) -> Rights:
        """Return what was chosen, after `is_valid`."""
        chosen = self.cleaned_data
        return Rights(
            lrm_role=LrmRole(chosen["lrm_role"]),
            is_accounts=chosen["is_accounts"],
            is_portal_admin=chosen["is_portal_admin"],
        )


class InviteForm(RightsForm):
    """Who is invited, and what they may do."""

    first_name = forms.CharField(label="Given name", max_length=150, required=False)
    last_name = forms.CharField(label="Family name", max_length=150)
    email = forms.EmailField(
        label="E-mail", max_length=254, help_text="The link to set a password goes there."
    )
    username = forms.CharField(
        label="User name",
        max_length=_LONGEST_NAME,
        required=False,
        validators=User._meta.get_field("username").validators,
        help_text="To sign in with. Without one it is the e-mail address.",
    )
    field_order = ("first_name", "last_name", "email", "username")

    def clean(self) -> dict[str, Any]:
        """Ask for a user name where the address is longer than one may be."""
        given = self.cleaned_data
        if given.get("username") == "" and len(self._username()) > _LONGEST_NAME:
            self.add_error(
                "username", "The e-mail address is too long to sign in with. Enter a user name."
            )
        return given

    def clean_username(self) -> str:
        """Return the name as the form to sign in reads it, or nobody could sign in by it."""
        return str(User.normalize_username(self.cleaned_data["username"]))[:_LONGEST_NAME]

    def person(self) -> Person:
        """Return who was typed, after `is_valid`."""
        given = self.cleaned_data
        return Person(
            first_name=given["first_name"],
            last_name=given["last_name"],
            email=given["email"],
            username=self._username(),
        )

    def _username(self) -> str:
        given = self.cleaned_data
        return str(User.normalize_username(given.get("username") or given.get("email", "")))

    def say_name_is_taken(self) -> None:
        """Put the message at the field."""
        self.add_error("username", "Somebody signs in by this name already. Enter another one.")


class NameForm(StyledForm):
    """What a person is called."""

    first_name = forms.CharField(
        label="Given name",
        max_length=150,
        required=False,
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Family name",
        max_length=150,
        required=False,
        widget=forms.TextInput({"autocomplete": "family-name"}),
    )


class EmailForm(StyledForm):
    """A new e-mail address."""

    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text="A link is sent there first; the address counts once you have opened it.",
    )


class PortalForm(StyledForm):
    """What is said of the portal as a whole."""

    name = forms.CharField(label="Training provider", max_length=200)
    time_zone = forms.ChoiceField(label="Time zone")
    financial_year_first_month = forms.TypedChoiceField(
        label="First month of the financial year",
        coerce=int,
        choices=list(enumerate(_MONTHS, start=1)),
        help_text="For reports, where Xero does not say.",
    )
    demands_second_factor = forms.BooleanField(
        label="Portal admins and accounts people need a second factor",
        required=False,
        help_text="Whoever has none is led to set it up and can do nothing else before.",
    )
    learners_see_documents = forms.BooleanField(
        label="Learners see their own invoices and credits",
        required=False,
        help_text="Staff invite each learner by e-mail. Without the tick nobody who was invited "
        "sees anything.",
    )

    def __init__(self, *args: Any, portal: Portal, **kwargs: Any) -> None:
        initial = {name: getattr(portal, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        zones = {zone for zone in zoneinfo.available_timezones() if "/" in zone}
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone",
            choices=[(zone, zone.replace("_", " ")) for zone in sorted({*zones, portal.time_zone})],
            help_text="Times on every page are shown in it. Whether an invoice is overdue goes by "
            "the time zone that the organisation has in Xero.",
            widget=forms.Select({"class": "form-select"}),
        )
