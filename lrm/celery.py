"""The Celery application. Four queues: people wait, events are fresh, bulk has time,
and hooks wait for programs outside.

Tasks only say that there is work; the work itself is rows in Postgres. That is why results are
ignored and a lost message costs no more than the time until beat wakes again.
"""

import os

from celery import Celery
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_shutting_down,
)

from lrm.observers import process_start
from lrm.waking import broker_connections, worker_stop
from lrm.watching import log_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
broker_connections.install()
app = Celery("lrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_prerun.connect(log_context.begin_task, dispatch_uid="lrm.watching.log_context.begin_task")
task_postrun.connect(log_context.end_task, dispatch_uid="lrm.watching.log_context.end_task")
worker_shutting_down.connect(worker_stop.ask, dispatch_uid="lrm.waking.worker_stop.ask")
worker_init.connect(process_start.of_worker, dispatch_uid="lrm.observers.of_worker")
worker_process_init.connect(
    process_start.of_pool_process, dispatch_uid="lrm.observers.of_pool_process"
)
worker_process_shutdown.connect(
    process_start.end_pool_process, dispatch_uid="lrm.observers.end_pool_process"
)
