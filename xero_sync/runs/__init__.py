"""A re-sync, from a person's request to its verified end; the first sync is one, too.

Nouns: a *run* (a date range to pull), a *step* (one resource in one window of it, with its
checkpoint), *catching up* (the closing sweep pulls what was modified meanwhile), the *verification*
(it compares Xero's counts and sums with what is stored). A run works in turns and resumes anywhere.

Whether a step differs is answered in one place (`comparison`), from figures that `verification`
takes. Nothing here renders a page: pages, the API and the command read `run_progress`.
"""
