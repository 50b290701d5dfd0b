"""The learner form: what a person types, checked at the field it concerns."""

import copy
from typing import TYPE_CHECKING, Any

from django import forms

from lrm.models import Learner, Portal
from lrm.roster import learner_fields, learners

_AUTOCOMPLETE_OFF = {"autocomplete": "off"}


# Generic for the type checker only; at run time Django's form takes no parameter.
if TYPE_CHECKING:
    _LearnerModelForm = forms.ModelForm[Learner]
else:
    _LearnerModelForm = forms.ModelForm


class LearnerForm(_LearnerModelForm):
    """Checks a learner's details; saving is `lrm.roster.learners.save_learner`'s business."""

    class Meta:
        model = Learner
        fields = learners.DETAIL_FIELDS
        help_texts = {
            "number": "Unique among your learners. Becomes the contact's number in Xero.",
            "given_name": "Leave empty for a learner with a single name.",
            "sync_to_xero": (
                "Keeps a contact in Xero for this learner while Xero is connected: it is found by "
                "its learner number and name, or created, and follows every later change made "
                "here. What you empty here stays in Xero. The learner's page says how it stands."
            ),
        }
        widgets = {
            "number": forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
            # These are other people's details: the browser must not offer its owner's.
            "given_name": forms.TextInput(_AUTOCOMPLETE_OFF),
            "family_name": forms.TextInput(_AUTOCOMPLETE_OFF),
            "email": forms.EmailInput(_AUTOCOMPLETE_OFF),
            "phone": forms.TextInput({"autocomplete": "off", "type": "tel"}),
            "mobile": forms.TextInput({"autocomplete": "off", "type": "tel"}),
            "address_line": forms.TextInput(_AUTOCOMPLETE_OFF),
            "city": forms.TextInput(_AUTOCOMPLETE_OFF),
            "region": forms.TextInput(_AUTOCOMPLETE_OFF),
            "postal_code": forms.TextInput(_AUTOCOMPLETE_OFF),
            "country": forms.TextInput(_AUTOCOMPLETE_OFF),
            "sync_to_xero": forms.CheckboxInput({"role": "switch"}),
        }
        error_messages = {
            "number": {"required": learner_fields.NUMBER_IS_MISSING},
            "family_name": {"required": learner_fields.FAMILY_NAME_IS_MISSING},
            "email": {"invalid": learner_fields.EMAIL_IS_WRONG},
        }

    def __init__(
        self, data: Any = None, *, portal: Portal, learner: Learner | None = None, **kwargs: Any
    ) -> None:
        if learner is None:
            kwargs.setdefault("initial", {"sync_to_xero": portal.new_learners_sync})
        # A model form writes what was typed on its instance, valid or not: give it a copy, so
        # that the page's heading keeps the learner's stored name.
        super().__init__(data, instance=copy.copy(learner), **kwargs)
        self.portal = portal
        # A browser would cut what is pasted, without a word, to another number.
        del self.fields["number"].widget.attrs["maxlength"]
        self._number_before = learner.number if learner else None
        if advice := self._advice_on_number():
            self.fields["number"].help_text = advice
        for name, field in self.fields.items():
            switch = name == "sync_to_xero"
            field.widget.attrs["class"] = "form-check-input" if switch else "form-control"

    def full_clean(self) -> None:
        """Check everything, and mark the wrong fields for the eye as well."""
        super().full_clean()
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["class"] += " is-invalid"

    def clean(self) -> dict[str, Any]:
        """Check what was typed, tidy spaces, then look whether another learner has the number."""
        cleaned = super().clean() or self.cleaned_data
        self._add_problems(cleaned)
        for name, value in cleaned.items():
            if isinstance(value, str):
                cleaned[name] = learners.squash(value)
        number = cleaned.get("number")
        others = self.portal.learners.exclude(id=self.instance.id)
        if number and others.filter(number=number).exists():
            self.say_number_is_taken()
        return cleaned

    def _add_problems(self, cleaned: dict[str, Any]) -> None:
        """Put each problem at its field; of one that has an error already, that says it."""
        known = {"number": "", "family_name": "", **cleaned}
        problems = learner_fields.problems_of(learners.LearnerDetails(**known))
        for name, sentence in problems.items():
            if name in cleaned and not (name == "number" and self._keeps_number(cleaned)):
                self.add_error(name, sentence)

    def _keeps_number(self, cleaned: dict[str, Any]) -> bool:
        """Return whether the number is the stored one, which may be older than its rules."""
        before = self._number_before
        return before is not None and learners.squash(cleaned["number"]) == learners.squash(before)

    def _advice_on_number(self) -> str:
        """Return what is wrong with the stored number, so that a person may give another one."""
        if self._number_before is None:
            return ""
        stored = learners.LearnerDetails(number=self._number_before, family_name="")
        fault = learner_fields.problems_of(stored).get("number", "")
        return fault and (
            f"{fault} While the number stays as it is, everything else can be changed here."
        )

    def say_number_is_taken(self) -> None:
        """Put the message at the number: also for who saved the same number a moment before."""
        self.add_error("number", "Another learner has this number. Numbers are unique.")

    def say_number_was_erased(self) -> None:
        """Put the message at the number."""
        self.add_error("number", "A learner with this number was erased. Use another number.")

    def details(self) -> learners.LearnerDetails:
        """Return what was typed, after `is_valid`."""
        return learners.LearnerDetails(**self.cleaned_data)
