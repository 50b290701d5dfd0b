"""Domain signals that point outward: the LRM tells, and knows nobody who listens.

`learner_saving` is sent at the start of the transaction that saves a learner, before any row is
locked: whoever must keep others waiting until it ends takes its lock here. Argument: `portal`.

`learner_saved` is sent inside that transaction once the learner is saved, so that a receiver's rows
and the learner's commit together or not at all. Arguments: `learner`, `created` (bool),
`email_before` (the address it had, empty where it is new), `by` (who saved it).

`learner_erasing` is sent inside the transaction that erases a learner, before its row is deleted.
A receiver may return a function, which is called once the row is gone. Argument: `learner`.

`learners_saved` is sent instead of `learner_saved`, once, where many were saved together in one
transaction. Arguments: `portal`, `saved` (a sequence of `SavedLearner`, none of them twice), `by`.
"""

import dataclasses

from django.dispatch import Signal

from lrm.models import Learner

learner_saving = Signal()
learner_saved = Signal()
learners_saved = Signal()
learner_erasing = Signal()


@dataclasses.dataclass(frozen=True, kw_only=True)
class SavedLearner:
    """A learner as it was just saved, whether it is new, and the address it had before."""

    learner: Learner
    created: bool
    email_before: str
