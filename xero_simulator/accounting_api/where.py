"""Xero's `where` expressions: read once, then applied to a whole list at a time.

The subset is what Xero documents as usual: comparisons of a field with a string, number, Guid,
DateTime, true, false or null, joined by AND and OR with parentheses, and three string methods.
A quote inside a string is doubled; a string with a backslash cannot be read, as in Xero.
A filter takes a list and returns the rows that match. Clause by clause, each on what the one before
left, 100,000 documents take a few milliseconds.
"""

import datetime
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from xero_simulator.accounting_api import fields, plain_forms

Filter = Callable[[list[Any]], list[Any]]
FindField = Callable[[str], fields.Field]


class Unreadable(Exception):
    """The expression cannot be read; Xero calls it a QueryParseException."""


class Comparison(NamedTuple):
    """One comparison of a field (its name in small letters) with a value of the field's kind."""

    field: str
    sign: str
    value: Any


class _Token(NamedTuple):
    kind: str
    text: str


_TOKENS = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|"")*")
    | (?P<number>-?\d+(?:\.\d+)?)[mM]?
    | (?P<operator>==|!=|<>|<=|>=|<|>|=|&&|\|\||\(|\)|,)
    | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
_LITERAL_KINDS = {
    "string": (fields.TEXT,),
    "number": (fields.NUMBER,),
    "guid": (fields.GUID,),
    "datetime": (fields.DATE, fields.INSTANT),
    "flag": (fields.FLAG,),
}


def read(expression: str, find_field: FindField) -> Filter:
    """Read an expression into a filter.

    :raises Unreadable: with a sentence for the caller.
    """
    parser = _Parser(expression, find_field)
    try:
        return parser.read_all()
    except fields.UnknownField as error:
        raise Unreadable(f"No property or field '{error}' exists") from error


def comparisons(expression: str, find_field: FindField) -> list[Comparison] | None:
    """Return the comparisons that all must hold, or None where the expression is made of more.

    :raises Unreadable: as `read` does.
    """
    parser = _Parser(expression, find_field)
    try:
        parser.read_all()
    except fields.UnknownField as error:
        raise Unreadable(f"No property or field '{error}' exists") from error
    return parser.comparisons if parser.is_plain else None


class _Parser:
    def __init__(self, expression: str, find_field: FindField) -> None:
        self._tokens = list(_tokenise(expression))
        self._at = 0
        self._find_field = find_field
        self.comparisons: list[Comparison] = []
        self.is_plain = True

    def read_all(self) -> Filter:
        found = self._either()
        if self._peek().kind != "end":
            raise Unreadable(f"Syntax error at '{self._peek().text}'")
        return found

    def _either(self) -> Filter:
        branches = [self._both()]
        while self._take_word("||", "or", "orelse"):
            branches.append(self._both())
            self.is_plain = False
        return branches[0] if len(branches) == 1 else _any_of(branches)

    def _both(self) -> Filter:
        clauses = [self._clause()]
        while self._take_word("&&", "and", "andalso"):
            clauses.append(self._clause())
        return clauses[0] if len(clauses) == 1 else _all_of(clauses)

    def _clause(self) -> Filter:
        if self._take_word("("):
            inner = self._either()
            self._expect(")")
            return inner
        token = self._next()
        if token.kind != "name":
            raise Unreadable(f"Expression expected at '{token.text}'")
        stem, _, method = token.text.rpartition(".")
        if method.lower() in _METHODS and self._peek().text == "(":
            return self._method(self._find_field(stem), method.lower())
        return self._comparison(token.text, self._find_field(token.text))

    def _comparison(self, name: str, field: fields.Field) -> Filter:
        sign = self._next().text
        if sign not in _COMPARE:
            raise Unreadable(f"Operator expected after '{name}'")
        kind, value = self._literal()
        if kind == "null":
            self.is_plain = False
            return _null_filter(field, sign)
        if field.kind not in _LITERAL_KINDS[kind]:
            raise Unreadable(
                f"Operator '{sign}' incompatible with operand types '{field.kind}' and '{kind}'"
            )
        if kind == "datetime":
            value = fields.as_comparable(field.kind, value)
        self.comparisons.append(Comparison(name.lower(), sign, value))
        if kind == "string":
            return _text_filter(field, sign, value)
        return _value_filter(field.read, _COMPARE[sign], value)

    def _method(self, field: fields.Field, method: str) -> Filter:
        self.is_plain = False
        self._expect("(")
        kind, value = self._literal()
        self._expect(")")
        if kind != "string" or field.kind != fields.TEXT:
            raise Unreadable(f"No applicable method '{method}' exists")
        test, part, read_value = _METHODS[method], value.casefold(), field.read
        return lambda rows: [row for row in rows if test((read_value(row) or "").casefold(), part)]

    def _literal(self) -> tuple[str, Any]:
        token = self._next()
        if token.kind == "string":
            return "string", token.text[1:-1].replace('""', '"')
        if token.kind == "number":
            return "number", float(token.text)
        word = token.text.lower()
        if word in ("true", "false"):
            return "flag", word == "true"
        if word == "null":
            return "null", None
        if word in ("guid", "datetime"):
            return word, self._call(word)
        raise Unreadable(f"Expression expected at '{token.text}'")

    def _call(self, word: str) -> Any:
        self._expect("(")
        arguments = [self._literal()[1]]
        while self._take_word(","):
            arguments.append(self._literal()[1])
        self._expect(")")
        if word == "guid":
            return _id(arguments[0])
        try:
            year, month, day, *clock_time = (int(argument) for argument in arguments)
            return datetime.datetime.combine(
                datetime.date(year, month, day), _time(clock_time), datetime.UTC
            )
        except (TypeError, ValueError) as error:
            raise Unreadable("No applicable constructor exists in type 'DateTime'") from error

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        if token.kind == "end":
            raise Unreadable("Expression expected")
        self._at += 1
        return token

    def _take_word(self, *words: str) -> bool:
        if self._peek().kind != "string" and self._peek().text.lower() in words:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._take_word(text):
            raise Unreadable(f"'{text}' expected")


def _tokenise(expression: str) -> Iterator[_Token]:
    at, text = 0, expression.rstrip()
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None or found.lastgroup is None:
            raise Unreadable(f"Syntax error '{text[at : at + 20]}' at position {at}")
        yield _Token(found.lastgroup, found[found.lastgroup])
        at = found.end()
    yield _Token("end", "")


def _all_of(clauses: list[Filter]) -> Filter:
    def apply(rows: list[Any]) -> list[Any]:
        for clause in clauses:
            rows = clause(rows)
        return rows

    return apply


def _any_of(branches: list[Filter]) -> Filter:
    def apply(rows: list[Any]) -> list[Any]:
        matching = {id(row) for branch in branches for row in branch(rows)}
        return [row for row in rows if id(row) in matching]

    return apply


def _null_filter(field: fields.Field, sign: str) -> Filter:
    """Filter by absence; an empty string is absent in Xero's answers, so it counts as null."""
    if sign not in ("==", "=", "!=", "<>"):
        raise Unreadable(f"Operator '{sign}' incompatible with null")
    read_value, wanted = field.read, sign in ("==", "=")
    return lambda rows: [row for row in rows if (read_value(row) in (None, "")) is wanted]


def _text_filter(field: fields.Field, sign: str, value: str) -> Filter:
    """Compare text without regard to case, and names and addresses without regard to accents.

    That is what Xero's optimised filters do.
    """
    fold = plain_forms.without_accents if field.folds_accents else str.casefold
    compare, wanted, read_value = _COMPARE[sign], fold(value), field.read
    if sign in ("==", "="):
        return lambda rows: [r for r in rows if fold(read_value(r) or "") == wanted]
    return lambda rows: [r for r in rows if compare(fold(read_value(r) or ""), wanted)]


def _id(argument: object) -> str:
    found = plain_forms.plain_id(str(argument))
    if not plain_forms.is_id(found):
        raise Unreadable("Guid should contain 32 digits with 4 dashes")
    return found


def _value_filter(
    read_value: Callable[[Any], Any], compare: Callable[[Any, Any], bool], value: Any
) -> Filter:
    """Compare values; where there is none, nothing but `!=` is true, as with SQL's NULL in .NET."""
    if compare is operator.ne:
        return lambda rows: [row for row in rows if read_value(row) != value]
    return lambda rows: [
        row for row in rows if (v := read_value(row)) is not None and compare(v, value)
    ]


def _time(parts: list[int]) -> datetime.time:
    hour, minute, second = [*parts, 0, 0, 0][:3]
    return datetime.time(hour, minute, second)
