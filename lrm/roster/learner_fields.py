r"""What a learner's details must be like: the rules of every field, for the form and for imports.

The rules are those of the strictest reader, Xero, so that nobody is refused there for what was
taken here. A number identifies a learner in both, so it holds nothing that the eye takes for
something else. Xero's filters know no backslash, and a number may become part of a contact's name,
which takes no angle brackets; in a learner's own name they are fine and are left out on the way, as
is of a country what is no plain letter (`xero_sync.contacts.contact_fields`).
Emoji, quotes, `&` and writing from right to left are fine everywhere.

Lengths are counted as Xero's platform counts them: an emoji is two characters.
"""

import re
import unicodedata
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from lrm import csv_text
from lrm.models import Learner
from lrm.roster import learners

NUMBER_IS_MISSING = "Enter a learner number, such as L000123."
FAMILY_NAME_IS_MISSING = "Enter the family name."
EMAIL_IS_WRONG = "Enter an e-mail address such as name@example.com."
_ANEW = "Please type it anew."
_LONGEST = {field.name: field.max_length for field in Learner._meta.fields}
# Xero takes no `name@localhost`.
_validate_email = EmailValidator(allowlist=[])
# What holds letters or emoji together, or says which way to read, is a part of writing.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
_UNSEEN = re.compile(f"[{csv_text.UNSEEN}]")
# Scripts with letters that look like Latin ones, and the letters of which a whole number may.
_ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")
_LIKE_LATIN = frozenset(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
)
# Emoji flags of regions are spelled with these.
_TAGS = range(0xE0020, 0xE0080)


def problems_of(details: learners.LearnerDetails) -> dict[str, str]:
    """Return what is wrong as {field: sentence}, empty where all is well.

    Spaces at the ends and doubled ones are no fault: they are tidied when the learner is saved.
    Whether another learner has the number is not looked at.
    """
    found = dict(_too_long(details))
    for name in learners.DETAIL_FIELDS:
        value = getattr(details, name)
        if isinstance(value, str) and (sentence := _hidden(value)):
            found[name] = sentence
    for name, sentence in (
        ("number", _wrong_number(details.number.strip())),
        ("given_name", _wrong_given_name(details.given_name)),
        ("family_name", _wrong_family_name(details.family_name)),
        ("email", _wrong_email(details.email.strip())),
    ):
        if sentence:
            found.setdefault(name, sentence)
    return found


def length_of(text: str) -> int:
    """Return how many characters a text has as Xero counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _too_long(details: learners.LearnerDetails) -> Iterator[tuple[str, str]]:
    for name in learners.DETAIL_FIELDS:
        longest = _LONGEST.get(name)
        if longest and (length := length_of(learners.squash(getattr(details, name)))) > longest:
            yield name, f"At most {longest} characters fit here; this has {length}."


def _hidden(value: str) -> str:
    """Return what to say of a character that cannot be seen, or empty."""
    if value.isascii() and value.isprintable():
        # Nearly every one: a hundred thousand are looked at at once.
        return ""
    for character in value:
        if _is_hidden(character):
            return _cannot_be_seen(character)
    return ""


def _cannot_be_seen(character: str) -> str:
    return f"This has a character that cannot be seen ({_name(character)}). {_ANEW}"


def _is_hidden(character: str) -> bool:
    if character.isspace() or character in _JOINERS or ord(character) in _TAGS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs")


def _wrong_number(number: str) -> str:
    if not number:
        return NUMBER_IS_MISSING
    for character in number:
        if character in "\\<>":
            return f"Xero cannot take {character} in a number. Leave it out, or use - or /."
        if character != " " and _UNSEEN.match(character) and not character.isspace():
            return _cannot_be_seen(character)
        if character.isspace() and character != " ":
            return f"A number has plain spaces only, and this has a {_name(character)}. {_ANEW}"
        plain = unicodedata.normalize("NFKC", character)
        if plain != character:
            return (
                f"The {character} in this number ({_name(character)}) looks like {plain} and is "
                f"another character. {_ANEW}"
            )
    if unicodedata.normalize("NFKC", number) != number:
        return f"An accent in this number is a character of its own, which cannot be seen. {_ANEW}"
    return _mixed(number)


def _mixed(number: str) -> str:
    """Return what to say of letters of two scripts, some of which look alike."""
    names = {c: unicodedata.name(c, "") for c in number if c.isalpha()}
    strange = [c for c, name in names.items() if name.startswith(_ALIKE)]
    is_beside_latin = any(name.startswith("LATIN") for name in names.values())
    if strange and not is_beside_latin and names.keys() <= _LIKE_LATIN:
        return (
            f"The {strange[0]} in this number is a {_name(strange[0])}, which looks like a Latin "
            f"letter. {_ANEW}"
        )
    if strange and is_beside_latin:
        return (
            f"The {strange[0]} in this number is a {_name(strange[0])}, beside Latin letters that "
            f"look alike. {_ANEW}"
        )
    return ""


def _wrong_given_name(name: str) -> str:
    if name.strip() and not _is_a_name(name):
        return "Xero takes no < and >, and nothing else is left of this name."
    return ""


def _wrong_family_name(name: str) -> str:
    return _wrong_given_name(name) if name.strip() else FAMILY_NAME_IS_MISSING


def _is_a_name(name: str) -> bool:
    return bool(name.strip("<> "))


def _wrong_email(email: str) -> str:
    if not email:
        return ""
    if not email.isascii():
        return "Xero takes no accents or other special letters in an e-mail address."
    try:
        _validate_email(email)
    except ValidationError:
        return EMAIL_IS_WRONG
    # Good by the letter of the standard, but nobody's address.
    return EMAIL_IS_WRONG if '"' in email or "[" in email else ""


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()
