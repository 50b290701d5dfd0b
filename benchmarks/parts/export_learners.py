"""`export_learners csv|xlsx|json`: how fast a file of report #0443 is written, in how much memory.

Everybody is asked for who has no invoice, whenever they were added.
"""

import json
import os
import resource
import sys
import tempfile
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
django.setup()

from django.utils import timezone  # noqa: E402 - Django comes first

from connected_apps.models import Organisation  # noqa: E402 - Django comes first
from reports.uninvoiced import (  # noqa: E402 - Django comes first
    criteria,
    facts,
    files,
    forms,
)

WRITERS = {"csv": files.write_csv, "xlsx": files.write_workbook, "json": files.write_json}


def main(what: str) -> None:
    """Write it, and print rows, seconds and the most memory in MB."""
    organisation = Organisation.objects.get()
    form = forms.LearnersFilter({"since": "", "who": "all"})
    assert form.is_valid(), form.errors
    asked = form.criteria(organisation.portal, organisation)
    rows = criteria.learners_of(asked).count()
    begin = time.perf_counter()
    about = facts.facts_of(asked, form, now=timezone.now())
    with tempfile.TemporaryFile() as target:
        WRITERS[what](asked, about, target)
    seconds = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1])
