"""What a learner lacks before it goes to Xero: pure, of the learner alone.

A contact without an e-mail address cannot be sent its invoices, and one in Australia without state
and postcode has half an address on them. Neither keeps a learner here: only what Xero refuses does,
which the form refuses too, so that learners of before alone can have it.
"""

import dataclasses
import re

from lrm import learner_fields, learners
from lrm.models import Learner

_POSTCODE = re.compile(r"\d{4}")


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """A field of the learner, and in words what is missing there.

    The words complete "Xero will not have …"; of what blocks they are a sentence. `blocks` says
    that Xero refuses the learner as it is.
    """

    field: str
    words: str
    blocks: bool = False


def missing(learner: Learner) -> list[Missing]:
    """Return what a learner lacks, what Xero refuses first; empty where all is well."""
    details = learners.LearnerDetails(
        **{name: getattr(learner, name) for name in learners.DETAIL_FIELDS}
    )
    problems = learner_fields.problems_of(details)
    found = [Missing(field, words, blocks=True) for field, words in problems.items()]
    if not learner.email.strip():
        found.append(Missing("email", "an e-mail address"))
    if learner.country.strip().casefold() in ("", "australia", "au"):
        found += _missing_in_australia(learner)
    return found


def _missing_in_australia(learner: Learner) -> list[Missing]:
    found = []
    if not learner.region.strip():
        found.append(Missing("region", "the state"))
    if not learner.postal_code.strip():
        found.append(Missing("postal_code", "the postcode"))
    elif not _POSTCODE.fullmatch(learner.postal_code.strip()):
        found.append(Missing("postal_code", "a postcode of four digits"))
    return found
