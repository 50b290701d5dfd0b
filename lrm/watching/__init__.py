"""How operators see that it works: health, metrics, the doctor's checkups, the log's ids.

Nouns: *alive* and *ready* (what load balancers ask), the *heartbeat* (when beat last rang), a
*finding* of a checkup with its next step, a *tally* (a count that any process adds to), the ids of
a log line.

Apps add probes, collectors and checkups of their own. It owns no row: what it counts stands in
Valkey and may be lost. It never repairs, and shows no secret and nobody's details.
"""
