"""Importing learners from a CSV file: upload, look at what would happen, confirm."""

import csv
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lrm import access, permissions
from lrm.door import bounded_uploads
from lrm.learner_imports import csv_reading, import_columns, import_job, uploads
from lrm.models import LearnerImport, RowOutcome

_require_learners = access.require(
    permissions.may_see_learners,
    explanation="Learners and their documents are for people who work with learners.",
)
_SHOWN_ROWS = 10
# As many as have room on a desk.
_SHOWN_COLUMNS = 5
_SHOWN_PROBLEMS = 100
_ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}


@_require_learners
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: access.SignedInRequest) -> HttpResponse:
    """Show the form, or read the file that was chosen."""
    if request.method != "POST":
        return _form(request)
    file = request.FILES.get("file")
    if bounded_uploads.was_too_large(request):
        megabytes = bounded_uploads.MOST_BYTES // 1_000_000
        return _form(
            request,
            f"The file is larger than {megabytes} MB. Split it into smaller files, and import one "
            "after the other.",
        )
    if file is None:
        return _form(request, "Choose a file first.")
    try:
        kept = uploads.store(
            portal=request.portal,
            file=file,
            file_name=file.name or "",
            by=request.user,
            now=timezone.now(),
        )
    except csv_reading.NotReadable as reason:
        return _form(request, str(reason))
    return redirect("learner_import_preview", kept.pk)


def _form(request: access.SignedInRequest, problem: str = "") -> HttpResponse:
    context = {
        "problem": problem,
        "labels": [import_columns.label_of(name) for name in import_columns.LABELS],
        "most_rows": uploads.MOST_ROWS,
        "most_megabytes": bounded_uploads.MOST_BYTES // 1_000_000,
    }
    return render(request, "lrm/learner_import.html", context, status=422 if problem else 200)


@_require_learners
@require_safe
def template(request: access.SignedInRequest) -> HttpResponse:
    """Download a file that has the headings and nothing else."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="learners.csv"'
    # Without it Excel garbles accented names.
    answer.write("\ufeff")
    csv.writer(answer).writerow(import_columns.label_of(name) for name in import_columns.LABELS)
    return answer


@_require_learners
@require_safe
def preview(request: access.SignedInRequest, import_id: int) -> HttpResponse:
    """Show how the file was understood, and what each row would come to."""
    kept = _import_of(request, import_id)
    if kept.job_id is not None:
        return redirect("job", kept.job_id)
    return render(request, "lrm/learner_import_preview.html", _context(kept))


@_require_learners
@require_POST
def confirm(request: access.SignedInRequest, import_id: int) -> HttpResponse:
    """Import what can be imported."""
    kept = _import_of(request, import_id)
    job = import_job.start(upload=kept, by=request.user, now=timezone.now())
    return redirect("job", job.pk)


@_require_learners
@require_POST
def discard(request: access.SignedInRequest, import_id: int) -> HttpResponse:
    """Delete what was uploaded, unless somebody has confirmed it."""
    if not uploads.discard(_import_of(request, import_id)):
        return redirect("job", _import_of(request, import_id).job_id)
    messages.success(request, "The file was thrown away. Nothing was imported.")
    return redirect("learner_import")


def _import_of(request: access.SignedInRequest, import_id: int) -> LearnerImport:
    return get_object_or_404(request.portal.learner_imports, pk=import_id)


def _context(kept: LearnerImport) -> dict[str, Any]:
    to_save = uploads.count_of(kept, RowOutcome.NEW, RowOutcome.CHANGED)
    wrong = uploads.count_of(kept, RowOutcome.WRONG)
    fields = [name for name in kept.reading["fields"] if name]
    shown = fields[:_SHOWN_COLUMNS]
    first = kept.rows.all()[:_SHOWN_ROWS]
    encoding, delimiter = kept.reading["encoding"], kept.reading["delimiter"]
    return {
        "kept": kept,
        "columns": uploads.columns_of(kept),
        "encoding": _ENCODINGS.get(encoding, "UTF-16"),
        "delimiter": _DELIMITERS.get(delimiter, f"“{delimiter}”"),
        "figures": [(outcome.label, uploads.count_of(kept, outcome)) for outcome in RowOutcome],
        "to_save": to_save,
        "wrong": wrong,
        "labels": [import_columns.label_of(name) for name in shown],
        "more_columns": len(fields) - len(shown),
        "first_rows": [
            (row, row.get_outcome_display(), _cells(row.values, shown)) for row in first
        ],
        "problems": [
            (row, label or "The whole row", sentence)
            for row in uploads.wrong_rows(kept, most=_SHOWN_PROBLEMS)
            for label, sentence in uploads.problems_of(row)
        ],
        "shown_wrong": min(wrong, _SHOWN_PROBLEMS),
    }


def _cells(values: dict[str, str | bool], names: list[str]) -> list[tuple[str, str]]:
    """Return label and text of some fields."""
    words = {True: "yes", False: "no"}
    return [
        (import_columns.label_of(name), words[value] if isinstance(value, bool) else value)
        for name in names
        for value in [values.get(name, "")]
    ]
