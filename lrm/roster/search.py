"""Finding learners by the beginnings of words, from an index.

Number, names and e-mail of a learner become words; a search finds the learners that have, for
each word typed, a word beginning with it. Accents and apostrophes do not matter ("obrien" finds
O'Brien). PostgreSQL's own text search does this without an extension, which matters because not
every server we run on has `pg_trgm`; the price is that the middle of a word is not found.
"""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.sql.compiler import SQLCompiler

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


def words_sql(*columns: str) -> str:
    """Return the SQL expression of the words in some columns, as an index may hold it."""
    text = " || ' ' || ".join(columns)
    return (
        f"to_tsvector('simple'::regconfig, translate({text}, '{_quoted(_FROM)}', '{_quoted(_TO)}'))"
    )


# What PostgreSQL computes for every learner it stores. Changing it needs a migration that makes the
# column anew.
WORDS_SQL = words_sql("number", "given_name", "family_name", "email")


class LearnerWords(Func):
    """The generated column `words` of a learner, which is no field of the model.

    It is stored because computing it for every row of a search took seconds at 100,000 learners,
    and kept out of the model because nobody but the search wants to load it.
    """

    output_field = SearchVectorField()

    def __init__(self) -> None:
        # The key only brings the table's alias, which differs from query to query.
        super().__init__("id")

    # Django 5.2 joins parameters as lists; the type stubs already describe Django 6's tuples.
    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        """Return the column under the alias of its table."""
        key = self.get_source_expressions()[0]
        return f"{connection.ops.quote_name(key.alias)}.words", []


def word_query(text: str) -> SearchQuery | None:
    """Return the query for what a person typed, or None where it holds no word at all.

    Only the first eight words count: nobody types more, and the work stays bounded.
    """
    raw = raw_query(text)
    return None if raw is None else SearchQuery(raw, config="simple", search_type="raw")


def raw_query(text: str, *, whole_words: bool = False) -> str | None:
    """Return what `to_tsquery` takes for a text, None where it holds no word at all.

    :param whole_words: words must be the same; otherwise they need only begin so.
    """
    words = re.findall(r"[^\W_]+", text.translate(_FOLD).lower())[:MAX_WORDS]
    return " & ".join(word if whole_words else f"{word}:*" for word in words) or None
