"""The cells of report #0442 from the sums that are kept, also for a day that has passed."""

from invoices import document_sums
from invoices.document_sums import Sql, Wanted
from reports import as_at, synced_invoices
from reports.synced_invoices import Criteria


def cells_of(criteria: Criteria, wanted: Wanted, *, most: int) -> Sql | None:
    """Return the cells from the sums; None where more than `most` has moved since the day.

    Sums are of now. For a day that has passed, what moved since is taken away as it is, and put
    back as it was.
    """
    organisation, day = criteria.organisation, criteria.as_at
    kept = document_sums.kept_cells(organisation, wanted, today=criteria.today)
    if day is None:
        return kept
    moved = as_at.moved_after(organisation, day, most=most)
    if not moved or len(moved) > most:
        return None if moved else kept
    now = synced_invoices.of_dates_and_kind(criteria).filter(pk__in=moved)
    then = as_at.with_amounts(now, organisation, day)
    return document_sums.together(
        kept,
        document_sums.less(
            document_sums.cells_of(now.filter(synced_invoices.standing(criteria, {})))
        ),
        document_sums.cells_of(
            then.filter(synced_invoices.standing(criteria, as_at.NAMES)), names=as_at.CELL_NAMES
        ),
    )
