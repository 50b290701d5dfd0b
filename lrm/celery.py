"""The Celery application. Four queues: people wait, events are fresh, bulk has time,
and hooks wait for programs outside.

Tasks only say that there is work; the work itself is rows in Postgres. That is why results are
ignored and a lost message costs no more than the time until beat wakes again.
"""

import os

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_shutting_down

from lrm.waking import worker_stop
from lrm.watching import log_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
app = Celery("lrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_prerun.connect(log_context.begin_task, dispatch_uid="lrm.watching.log_context.begin_task")
task_postrun.connect(log_context.end_task, dispatch_uid="lrm.watching.log_context.end_task")
worker_shutting_down.connect(worker_stop.ask, dispatch_uid="lrm.waking.worker_stop.ask")
