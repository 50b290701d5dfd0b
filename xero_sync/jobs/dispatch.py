"""The tasks that workers of this app are woken for, by name: see `lrm.waking.worker_tasks`.

Whoever makes a row or lets it go on wakes a worker in the same transaction:
`dispatch.WORK_ON_RUN.wake(run.pk)`. The names and their arguments are in queues and must not
change.
"""

from lrm.waking.worker_tasks import BULK, EVENTS, WorkerTask

UNPACK_DELIVERIES = WorkerTask("xero_sync.tasks.unpack_deliveries", EVENTS)
# Of an organisation, by its id.
FETCH_EVENTS = WorkerTask("xero_sync.tasks.fetch_events", EVENTS)
SWEEP = WorkerTask("xero_sync.tasks.sweep", BULK)
CHECK_COUNTS = WorkerTask("xero_sync.tasks.check_counts", BULK)
LOOK_FOR_MENTIONS = WorkerTask("xero_sync.tasks.look_for_mentions", BULK)
COMPARE_BALANCES = WorkerTask("xero_sync.tasks.compare_balances", BULK)
REREAD_OPEN = WorkerTask("xero_sync.tasks.reread_open", BULK)
FORGET_OLD_WORK = WorkerTask("xero_sync.tasks.forget_old_work", BULK)
FORGET_OLD_VERSIONS = WorkerTask("xero_sync.tasks.forget_old_versions", BULK)
# Of a run, by its id.
WORK_ON_RUN = WorkerTask("xero_sync.tasks.work_on_run", BULK)
# Of a portal, by its id.
PUSH_LEARNERS = WorkerTask("xero_sync.tasks.push_learners")
# Of a learner's refresh, by its id.
REFRESH_LEARNER = WorkerTask("xero_sync.tasks.refresh_learner")
