"""Domain signals that point outward: the LRM tells, and knows nobody who listens.

`learner_saving` is sent at the start of the transaction that saves a learner, before any row is
locked: whoever must keep others waiting until it ends takes its lock here. Argument: `portal`.

`learner_saved` is sent inside that transaction once the learner is saved, so that a receiver's rows
and the learner's commit together or not at all. Arguments: `learner`, `created` (bool),
`email_before` (the address it had, empty where it is new).
"""

from django.dispatch import Signal

learner_saving = Signal()
learner_saved = Signal()
