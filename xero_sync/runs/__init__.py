"""A re-sync, from a person's request to its verified end; the first sync is one, too.

Nouns: a *run* (a date range to pull), a *step* (one resource in one window of it, with its
checkpoint), *catching up* (pulling what was modified while the run read), the *verification*
(counts and sums of Xero's held against what is stored). A run works in turns and resumes anywhere.

"Complete" is said in one place (`comparison`), from figures that `verification` took. Nothing here
shows anything: pages, the API and the command read `run_progress`.
"""
