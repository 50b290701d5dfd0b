"""`export csv|copy|xlsx|json`: how fast a file of all rows is written, and in how much memory.

`copy` is the floor: the same query sent by PostgreSQL's COPY, read and thrown away.
"""

import json
import os
import resource
import sys
import tempfile
import time
from typing import IO

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django comes first
from django.utils import timezone  # noqa: E402 - Django comes first

from connected_apps.models import Organisation  # noqa: E402 - Django comes first
from invoices.models import Document  # noqa: E402 - Django comes first
from reports import (  # noqa: E402 - Django comes first
    columns,
    csv_export,
    export_query,
    file_facts,
    json_export,
    workbook,
)
from reports.synced_invoices import Criteria  # noqa: E402 - Django comes first


def write(what: str, criteria: Criteria, target: IO[bytes]) -> None:
    """Write the file."""
    facts = file_facts.facts_of(criteria, portal=criteria.organisation.portal, now=timezone.now())
    if what == "csv":
        csv_export.write_csv(criteria, target, facts=facts)
    elif what == "xlsx":
        workbook.write_workbook(criteria, target, facts=facts)
    elif what == "json":
        for piece in json_export.json_of(criteria, facts):
            target.write(piece.encode())
    else:
        selected = [(one.name, one.sql) for one in columns.COLUMNS]
        text, parameters = export_query.statement(criteria, selected)
        with connection.cursor() as cursor:
            whole = cursor.mogrify(f"COPY ({text}) TO STDOUT", parameters)
            cursor.copy_expert(whole, target)


def main(what: str) -> None:
    """Write it, and print rows, seconds and the most memory in MB."""
    organisation = Organisation.objects.get()
    criteria = Criteria(organisation=organisation, today=timezone.now().date())
    rows = Document.objects.count()
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as target:
        write(what, criteria, target)
    seconds = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1])
