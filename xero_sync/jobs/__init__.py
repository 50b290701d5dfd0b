"""How rows are worked on: a lease that lapses, a message that wakes a worker, a time to try again.

Nouns: a *lease* (who works on a row, and until when), a *turn* (what a worker does with a row
before it releases it or puts it off), a *task* (what workers are woken for, by name).

`leases` takes, renews, releases and puts off; `retry_policy` says until when and in which words.
`dispatch` names the tasks; a message may be lost, since beat wakes workers again for every row that
waits. `day_limit` pauses a connection that Xero has closed for the day; `sweep_schedule` says when
sweeps are due. Nothing here does the work.
"""
