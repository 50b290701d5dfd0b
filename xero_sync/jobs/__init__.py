"""How rows are worked on: a lease that lapses, a message that wakes a worker, a time to try again.

`leases` says who works on a row and until when; whoever stops for an error gives the row back with
the time that `retry_policy` names. `dispatch` wakes workers after commit and may lose a message,
since beat wakes them again for every row that waits. `day_limit` pauses a connection that Xero has
closed for the day; `sweep_schedule` says when sweeps are due.

Nothing here knows what the work is.
"""
