"""What differs between a version and the one before it, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from xero_sync.document_history.version_fields import Fields, Line

_LINE_FIELDS = {
    "description": "description",
    "quantity": "quantity",
    "unit_amount": "unit price",
    "account_code": "account",
    "tax_type": "tax",
    "tax_amount": "tax amount",
    "line_amount": "amount",
}
_UNREADABLE = "This version cannot be read by this release, so what changed is not known"
_NOTHING_SHOWN = "Something that is not shown here"
_LONGEST = 80


@dataclass(frozen=True)
class Change:
    """One field, before and after; of a line that came or went only one side has words."""

    label: str
    before: str
    after: str


def between(before: Fields | None, after: Fields | None) -> list[Change]:
    """Return what differs; never nothing, since the versions are not the same."""
    if before is None or after is None:
        return [Change(_UNREADABLE, "", "")]
    found = [
        Change(label, old, new)
        for (label, old), (_, new) in zip(before.fields, after.fields, strict=True)
        if old != new
    ]
    found += _of_lines(before.lines, after.lines)
    return found or [Change(_NOTHING_SHOWN, "", "")]


def _of_lines(before: tuple[Line, ...], after: tuple[Line, ...]) -> Iterator[Change]:
    then, now = ({line.key: line for line in lines} for lines in (before, after))
    for line in before:
        if line.key not in now:
            yield Change("Line removed", _named(line), "")
    for place, line in enumerate(after, 1):
        if line.key not in then:
            yield Change("Line added", "", _named(line))
            continue
        for name, label in _LINE_FIELDS.items():
            old, new = getattr(then[line.key], name), getattr(line, name)
            if old != new:
                yield Change(f"Line {place}, {label}", _short(old), _short(new))
    same = [line.key for line in before if line.key in now]
    if same != [line.key for line in after if line.key in then]:
        yield Change("Order of the lines", "", "")


def _named(line: Line) -> str:
    return f"{_short(line.description)}, {line.line_amount}"


def _short(text: str) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
