"""Domain signals that point outward: the LRM tells, and knows nobody who listens.

`learner_saved` is sent inside the transaction that saved the learner, so that a receiver's rows
and the learner's commit together or not at all. Arguments: `learner`, `created` (bool).
"""

from django.dispatch import Signal

learner_saved = Signal()
