"""The tasks that workers of this app are woken for, by name: see `lrm.waking.worker_tasks`.

The names and their arguments are in queues and must not change.
"""

from lrm.waking.worker_tasks import WorkerTask

FINISH_REMOVALS = WorkerTask("connected_apps.tasks.finish_removals")
# Of a connection, by its id as `connection_id`.
LOOK_AT = WorkerTask("connected_apps.tasks.look_at")
RENEW = WorkerTask("connected_apps.tasks.renew")
