"""A state machine whose rules are turns, in one thread, on one clock that only it moves.

Hypothesis draws the rules, and shrinks what failed. Nothing else may make two runs of one example
differ: the simulator is seeded and its clock stands still between rules, as does the product's;
webhooks leave when a rule says so; pages are read one after the other.
"""
