"""What goes wrong with deliveries, by the knobs: drawn from the seed, or scripted.

How many POSTs there are depends on real time. What happens to an event must not, so the two have
random generators of their own.
"""

import random

from xero_simulator.webhooks.subscription import Knobs


class WebhookFaults:
    """The draws of one subscription since its reset."""

    def __init__(self, *, seed: int) -> None:
        self._events, self._posts = random.Random(seed), random.Random(seed)

    def loses(self, knobs: Knobs) -> bool:
        """Return whether an event that happens now is never sent."""
        drawn = self._events.random()
        if knobs.lose_next > 0:
            knobs.lose_next -= 1
            return True
        return drawn < knobs.lose_chance

    def delay(self, knobs: Knobs) -> float:
        """Return how late an event leaves, in simulated seconds."""
        return knobs.delay_seconds * (self._events.random() < knobs.delay_chance)

    def shuffles(self, knobs: Knobs) -> bool:
        """Return whether the next POST takes its events from anywhere in the queue."""
        return knobs.shuffle or self._posts.random() < knobs.shuffle_chance

    def doubles(self, knobs: Knobs) -> bool:
        """Return whether a POST that was made is made again."""
        return knobs.double or self._posts.random() < knobs.double_chance
