"""`import_learners WEB PORTAL_SLUG COUNT`: somebody imports so many learners from a CSV file.

By the pages: sends the file, looks at the preview, confirms, and waits for the page to say that it
is over. Prints how many learners there are more, the seconds to the preview, and those in all; what
the person thinks between two pages is no part of it.
"""

import csv
import io
import json
import sys
import time

from benchmarks.parts import product, save_learners
from lrm.models import Portal

_FORM = "/learners/import/"
_LOOKS_EVERY_SECONDS = 0.2
_PATIENCE_SECONDS = 600


def made_up_file(count: int) -> bytes:
    """Return a file of learners that nobody knows yet, as a spreadsheet would save it."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("Learner number", "First name", "Last name", "E-mail", "City", "Postcode"))
    for at in range(count):
        number = f"I{at:06}"
        email = f"{number.lower()}@example.com"
        rows.writerow((number, "Imke", f"Made-Up {at}", email, "Brisbane", "4000"))
    return text.getvalue().encode()


def main(web: str, slug: str, count: int) -> None:
    """Import so many learners."""
    portal = Portal.objects.get(slug=slug)
    before = portal.learners.count()
    person = save_learners.sign_in(web, portal)
    file = made_up_file(count)
    began = product.clock()
    form = person.open(_FORM).form(_FORM)
    preview = person.submit(form, files={"file": ("learners.csv", file)})
    previewed = product.clock()
    confirm = preview.form("/confirm/")
    job = person.submit(confirm)
    patience = time.monotonic() + _PATIENCE_SECONDS
    while f"{count:,} learners added" not in job.text:
        assert time.monotonic() < patience, job.text[:500]
        time.sleep(_LOOKS_EVERY_SECONDS)
        job = person.open(job.path)
    ended = product.clock()
    told = {
        "learners": portal.learners.count() - before,
        "preview_seconds": (previewed - began).total_seconds(),
        "seconds": (ended - began).total_seconds(),
    }
    assert told["learners"] == count
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
