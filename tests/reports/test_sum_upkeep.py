"""The sums behind the report are added up by a worker, and proved once a day."""

import datetime
import logging

import pytest
from django.db.models import F

from invoices.models import DocumentSum, DocumentSumCheck
from lrm.models import Portal
from reports import sum_upkeep, tasks
from tests.support import document_builders
from tests.support.report_rows import criteria_of, totals_of

pytestmark = pytest.mark.django_db

NOW = document_builders.NOW


def test_worker_adds_up_what_documents_changed(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    document_builders.make_document(organisation, total="70")
    before = totals_of(criteria_of(organisation))

    tasks.add_up()

    assert DocumentSum.objects.filter(organisation=organisation).count() == 2
    assert totals_of(criteria_of(organisation)) == before
    assert sum_upkeep.add_up_all() == 0


def test_difference_is_mended_and_logged_once_a_day(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    organisation = document_builders.make_organisation(portal)
    document_builders.make_document(organisation, total="70")
    before = totals_of(criteria_of(organisation))
    tasks.check_sums()
    DocumentSumCheck.objects.update(checked_at=NOW)
    tasks.add_up()
    DocumentSum.objects.update(total=F("total") + 1)

    soon = sum_upkeep.check_due(now=NOW + datetime.timedelta(hours=23))
    with caplog.at_level(logging.ERROR):
        later = sum_upkeep.check_due(now=NOW + datetime.timedelta(hours=25))
    tasks.add_up()

    assert (soon, later) == (0, 1)
    assert "differed in 1 cells" in caplog.text
    assert DocumentSumCheck.objects.get(organisation=organisation).mended_count == 1
    assert totals_of(criteria_of(organisation)) == before
