"""An upgrade while work waits: the database and the broker's messages of a release before.

`release_0_1` was dumped in a checkout of that release, through its own pages and services: a sync
run in the midst of its pages and of its closing sweep, others that were only asked for, events
unpacked and not, an inbox and a sweep whose worker died, learners waiting, refused and in doubt, a
document set aside, a removal that Xero has not answered, a question on a consent; and a Celery
message for every task, as it lay in the broker. Everything in it is made up.
"""
