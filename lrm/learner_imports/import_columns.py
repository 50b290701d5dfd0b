"""What the headings of a CSV file mean: by label, field name or a usual synonym, in any case."""

import re
from collections.abc import Sequence

from lrm.models import Learner
from lrm.roster import learners

_FIELDS = {field.name: str(field.verbose_name) for field in Learner._meta.fields}
LABELS = {name: _FIELDS[name] for name in learners.DETAIL_FIELDS}
_SYNONYMS = {
    "number": "number, student number, student no, student id, learner no, learner id, id, "
    "contact number",
    "given_name": "first name, forename, given names, first names",
    "family_name": "last name, surname, family names",
    "email": "email, email address, e mail address, mail",
    "phone": "telephone, phone number, home phone, landline",
    "mobile": "mobile phone, mobile number, cell, cell phone",
    "address_line": "street, street address, address line 1, address 1, postal address",
    "city": "suburb, city, town, locality",
    "region": "state, region, province",
    "postal_code": "postcode, post code, zip, zip code",
    "country": "country name",
    "sync_to_xero": "sync, xero",
}


def _plain(heading: str) -> str:
    """Return a heading in the form in which headings are compared."""
    return re.sub(r"[\W_]+", " ", heading.casefold()).strip()


_MEANINGS = {
    _plain(word): name
    for name in learners.DETAIL_FIELDS
    for word in (name, LABELS[name], *_SYNONYMS[name].split(", "))
}


def fields_of(headings: Sequence[str]) -> list[str | None]:
    """Return the field that each heading means, None where it means nothing here."""
    return [_MEANINGS.get(_plain(heading)) for heading in headings]


def count_known(headings: Sequence[str]) -> int:
    """Return how many headings mean something."""
    return sum(name is not None for name in fields_of(headings))


def label_of(name: str) -> str:
    """Return a field's label as it stands at the beginning of a line."""
    label = LABELS[name]
    return label[:1].upper() + label[1:]


def problem_of(headings: Sequence[str]) -> str:
    """Return why a file with these headings cannot be imported, or empty."""
    fields = fields_of(headings)
    if "number" not in fields:
        seen = ", ".join(f"“{heading}”" for heading in headings[:8] if heading)
        return (
            "No column has the learner numbers. Its heading should be “Learner number”; the "
            f"headings in row 1 are {seen or 'empty'}."
        )
    for name in fields:
        twice = [heading for heading, field in zip(headings, fields, strict=True) if field == name]
        if name is not None and len(twice) > 1:
            columns = " and ".join(f"“{heading}”" for heading in twice[:2])
            return f"The columns {columns} both mean the {LABELS[name]}. Take one of them out."
    return ""
