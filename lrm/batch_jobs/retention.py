"""What is kept of batch jobs, and for how long: names and reasons a month, the jobs for good."""

from datetime import datetime, timedelta

from lrm.models import JobFailure

KEEP_FAILURES = timedelta(days=30)


def delete_old_failures(*, now: datetime) -> int:
    """Delete the failures of jobs that ended more than a month ago; return how many."""
    old = JobFailure.objects.filter(job__finished_at__lt=now - KEEP_FAILURES)
    return old.delete()[0]
