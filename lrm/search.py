"""Finding learners by the beginnings of words, from an index.

Number, names and e-mail of a learner become words; a search finds the learners that have, for
each word typed, a word beginning with it. Accents and apostrophes do not matter ("obrien" finds
O'Brien). PostgreSQL's own text search does this without an extension, which matters because not
every server we run on has `pg_trgm`; the price is that the middle of a word is not found.
"""

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func

MAX_WORDS = 8

_SEPARATORS = '@.-_+/:;,<>&()"'
_DROPPED = "'\u2019`"


def _accented_letters() -> dict[str, str]:
    """Return the accented Latin letters (Western, Central European, Vietnamese) and their bases."""
    letters = {}
    for code in [*range(0xC0, 0x180), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            letters[chr(code)] = base.lower()
    return letters


_ACCENTS = _accented_letters()
_FOLD = str.maketrans(
    {**_ACCENTS, **dict.fromkeys(_SEPARATORS, " "), **dict.fromkeys(_DROPPED, "")}
)
# PostgreSQL's translate() deletes the characters of its first list that have none in the second.
_FROM = "".join(_ACCENTS) + _SEPARATORS + _DROPPED
_TO = "".join(_ACCENTS.values()) + " " * len(_SEPARATORS)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


class LearnerWords(Func):
    """The words of a learner as PostgreSQL indexes them.

    The index and every query must compile to the same text, or the index is not used; hence one
    class for both. Changing it needs a migration that makes the index anew.
    """

    output_field = SearchVectorField()
    arg_joiner = " || ' ' || "
    template = (
        "to_tsvector('simple'::regconfig, "
        f"translate(%(expressions)s, '{_quoted(_FROM)}', '{_quoted(_TO)}'))"
    )

    def __init__(self) -> None:
        super().__init__("number", "given_name", "family_name", "email")


def word_query(text: str) -> SearchQuery | None:
    """Return the query for what a person typed, or None where it holds no word at all.

    Only the first eight words count: nobody types more, and the work stays bounded.
    """
    words = re.findall(r"[^\W_]+", text.translate(_FOLD).lower())[:MAX_WORDS]
    if not words:
        return None
    return SearchQuery(
        " & ".join(f"{word}:*" for word in words), config="simple", search_type="raw"
    )
