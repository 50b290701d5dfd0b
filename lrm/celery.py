"""The Celery application. Three queues: people wait, events are fresh, bulk has time.

Tasks only say that there is work; the work itself is rows in Postgres. That is why results are
ignored and a lost message costs no more than the time until beat wakes again.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
app = Celery("lrm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
