"""What a learner lacks before it goes to Xero: pure, of the learner alone.

A contact without an e-mail address cannot be sent its invoices, and one in Australia without state
and postcode has half an address on them. Neither keeps a learner here: only what Xero refuses does,
which the form refuses too, so that learners of before alone can have it.
"""

import dataclasses
import re
from collections.abc import Callable

from lrm.models import Learner
from lrm.roster import learner_fields, learners
from lrm.roster.learners import LearnerDetails

# Not `\d`, which takes the figures of every script: Xero prints them on invoices as they are.
_POSTCODE = re.compile(r"[0-9]{4}")


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """A field of the learner, and in words what is missing there.

    The words complete "Xero will not have …", and `of_many` "3 of them have …"; of what blocks
    they are a sentence. `blocks` says that Xero refuses the learner as it is.
    """

    field: str
    words: str
    of_many: str
    blocks: bool = False


Lacks = Callable[[LearnerDetails], bool]

_BLOCKING = "something that Xero does not take; their pages say what"
# What is missing, and of whom.
_TABLE: tuple[tuple[Missing, Lacks], ...] = (
    (
        Missing(
            "email", "an e-mail address", "no e-mail address, so Xero cannot send them invoices"
        ),
        lambda it: not it.email.strip(),
    ),
    (
        Missing("region", "the state", "no state"),
        lambda it: _is_in_australia(it) and not it.region.strip(),
    ),
    (
        Missing("postal_code", "the postcode", "no postcode"),
        lambda it: _is_in_australia(it) and not it.postal_code.strip(),
    ),
    (
        Missing(
            "postal_code", "a postcode of four digits", "a postcode that is not of four digits"
        ),
        lambda it: (
            _is_in_australia(it)
            and bool(it.postal_code.strip())
            and not _POSTCODE.fullmatch(it.postal_code.strip())
        ),
    ),
)


def missing(learner: Learner) -> list[Missing]:
    """Return what a learner lacks, what Xero refuses first; empty where all is well."""
    return missing_of(
        LearnerDetails(**{name: getattr(learner, name) for name in learners.DETAIL_FIELDS})
    )


def missing_of(details: LearnerDetails) -> list[Missing]:
    """Return what a learner with these details lacks, as `missing` does."""
    problems = learner_fields.problems_of(details)
    found = [Missing(field, words, _BLOCKING, blocks=True) for field, words in problems.items()]
    return found + [each for each, lacks in _TABLE if lacks(details)]


def _is_in_australia(details: LearnerDetails) -> bool:
    return details.country.strip().casefold() in ("", "australia", "au")
