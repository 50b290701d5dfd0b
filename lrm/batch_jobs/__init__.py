"""Batch jobs: work on many rows that a person asked for, in the background, with progress.

A job is a row (`BatchJob`). A worker locks it for the transaction of one batch, and the batch's
work commits together with how far the job has come: a killed worker loses nothing and repeats
nothing. That needs no leases, because the work is in our own database only; what must reach
another system is left as rows for its own workers.

To add a kind of job, register a `kinds.JobKind` when the app is ready, and ask for one with
`job_queue.request`. `halving` helps where one bad row must not stop the others.
"""
