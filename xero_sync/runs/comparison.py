"""Whether what is stored here differs from Xero: one answer for whoever asks, and its words.

A comparison sets Xero's figures of one kind of documents beside those of what is stored. The
verification makes one from the figures it takes; later ones are made from those that a step keeps.
The stage of a kind, the end of a run, notices and the card on Connected Apps all ask it.

A document that could not be stored is quarantined. Where an older version of it is stored, it is
counted as stored; where none is, it is `missing`. Either way it is accounted for: Xero counts it,
and people are shown why it is not here. Only a document that is neither stored nor quarantined
makes the counts differ.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from invoices import amounts
from xero_sync.models import SyncStep
from xero_sync.resources import Resource
from xero_sync.store import currency_totals


class Difference(enum.Enum):
    """One way in which what is stored here may not be what Xero has."""

    NO_COUNT = enum.auto()  # Xero gave no count to compare with.
    COUNT = enum.auto()
    SUMS = enum.auto()
    NAMED = enum.auto()  # Sentences name the documents.
    QUARANTINED = enum.auto()


@dataclass(frozen=True)
class Comparison:
    """Xero's figures of one kind of documents, in one window or several, and those stored here.

    Without `differences` every document is stored here as it is in Xero, to the cent. Counts are
    None where they are not known. `missing` are the quarantined documents of which no older version
    is stored.
    """

    resource: Resource
    in_xero: int | None
    stored: int | None
    missing: int
    quarantined: int
    sums: currency_totals.Totals
    named: tuple[str, ...]
    differences: frozenset[Difference]

    @property
    def surplus(self) -> int | None:
        """How many more are accounted for here than Xero counts; None where it gave no count."""
        if self.in_xero is None:
            return None
        return (self.stored or 0) + self.missing - self.in_xero

    @property
    def counts_agree(self) -> bool:
        """Whether Xero gave a count, and it is that of what is accounted for here."""
        return not self.differences & {Difference.NO_COUNT, Difference.COUNT}


def of_step(step: SyncStep) -> Comparison:
    """Compare the figures of a step: those it keeps, or that the verification has just taken."""
    return of_figures(
        Resource(step.resource),
        in_xero=step.xero_count,
        stored=step.our_count,
        missing=step.missing_count,
        quarantined=step.quarantined_count,
        sums=currency_totals.from_json(step.totals),
        named=step.differences,
    )


def of_figures(
    resource: Resource,
    *,
    in_xero: int | None,
    stored: int | None,
    missing: int,
    quarantined: int = 0,
    sums: currency_totals.Totals | None = None,
    named: Sequence[str] = (),
) -> Comparison:
    """Compare figures of one kind of documents."""
    found = {
        Difference.NO_COUNT: in_xero is None,
        Difference.COUNT: in_xero is not None and in_xero != (stored or 0) + missing,
        Difference.SUMS: not currency_totals.agree(sums or {}),
        Difference.NAMED: bool(named),
        Difference.QUARANTINED: bool(quarantined),
    }
    return Comparison(
        resource=resource,
        in_xero=in_xero,
        stored=stored,
        missing=missing,
        quarantined=quarantined,
        sums=sums or {},
        named=tuple(named),
        differences=frozenset(one for one, is_so in found.items() if is_so),
    )


def of_windows(resource: Resource, steps: Iterable[SyncStep]) -> Comparison:
    """Put the windows of a kind together: it differs where one of them does.

    So a document too few in one window and one too many in another do not make up for each other.
    """
    parts = [of_step(step) for step in steps]
    return Comparison(
        resource=resource,
        in_xero=sum_if_known([part.in_xero for part in parts]),
        stored=sum_if_known([part.stored for part in parts]),
        missing=sum(part.missing for part in parts),
        quarantined=sum(part.quarantined for part in parts),
        sums=currency_totals.together(*(part.sums for part in parts)),
        named=tuple(words for part in parts for words in part.named),
        differences=frozenset(one for part in parts for one in part.differences),
    )


def sum_if_known(counts: Sequence[int | None]) -> int | None:
    """Return the sum of counts, None where one of them is not known."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def problems_of(compared: Comparison) -> list[str]:
    """Return what a run's end says of a comparison; nothing where all is well."""
    problems = []
    if Difference.NO_COUNT in compared.differences:
        problems.append("Xero gave no count to compare with")
    if Difference.COUNT in compared.differences:
        problems.append(f"Xero has {compared.in_xero:,}, here {compared.stored or 0:,}")
    if compared.quarantined:
        problems.append(f"{compared.quarantined:,} could not be saved")
    problems += [
        f"Xero has {currency} {amounts.grouped(both.read)}, here {amounts.grouped(both.stored)}"
        for currency, both in compared.sums.items()
        if both.read != both.stored
    ]
    label = compared.resource.label
    return [*(f"{label}: {words}" for words in problems), *compared.named]


def lasting_words_of(compared: Comparison) -> frozenset[str]:
    """Return what differs, in words that are the same when a window of other days finds it."""
    found = set(compared.named)
    if Difference.NO_COUNT in compared.differences:
        found.add(f"{compared.resource}: not counted")
    if compared.quarantined:
        found.add(f"{compared.resource}: set aside {compared.quarantined}")
    if not compared.named:
        if compared.surplus:
            found.add(f"{compared.resource}: {compared.surplus:+}")
        found |= {
            f"{compared.resource}: {currency} {both.stored - both.read:+}"
            for currency, both in compared.sums.items()
            if both.read != both.stored
        }
    return frozenset(found)


def counts_in_words(kinds: Sequence[Comparison], *, of: str = "documents") -> str:
    """Return "864 documents in Xero, 863 here", and of which kind how many are missing."""
    counted = [kind for kind in kinds if kind.in_xero is not None]
    in_xero = sum(kind.in_xero or 0 for kind in counted)
    stored = sum(kind.stored or 0 for kind in counted)
    missing = sum(kind.missing for kind in counted)
    words = f"{in_xero:,} {of} in Xero, {stored:,} here"
    if missing:
        words += f" and {missing:,} could not be saved"
    odd = [_surplus_in_words(kind) for kind in kinds if kind.surplus != 0]
    return f"{words}: {'; '.join(odd)}" if odd else words


def _surplus_in_words(kind: Comparison) -> str:
    label = kind.resource.label.lower()
    if kind.surplus is None:
        return f"Xero gave no count of {label}"
    verb = "is" if abs(kind.surplus) == 1 else "are"
    if kind.surplus < 0:
        return f"{-kind.surplus:,} of the {label} {verb} missing here"
    return f"{kind.surplus:,} more of the {label} {verb} here than in Xero"
