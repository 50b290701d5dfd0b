"""Everything that speaks Xero: pulling documents and contacts, pushing learners, proving it.

The rooms, from the ground up; each knows only those named before it:

- `resources`: what Xero calls each kind, in one table. `models`: work as rows.
- `api`: one call to Xero. `jobs`: leases on rows, waking workers, when to try again.
- `store`: from a fetched page to rows. `pull`: walking a list of Xero's.
- `webhooks`, `contacts`: what came in, and learners on their way out.
- `runs`: a date range pulled and verified. `sweeps`: what was modified since the last one.
- `maintenance`: the daily count and what it heals. `status`: how it all stands, for people.

`tasks` gives each kind of row a Celery task; its path is in queues and must not change. Nothing
here renders a learner's documents (`invoices` does) or keeps tokens (`connected_apps` does).
"""
