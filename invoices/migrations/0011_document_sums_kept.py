"""Triggers that note what every change of documents and refunds does to the sums; and the start.

Triggers rather than the code that stores: they miss nobody who writes, a release before this one
that runs beside it included. They append and never wait. The two tables are locked against writers
while the sums of what is there are taken, some seconds for a million documents; reading goes on.
"""

from django.db import migrations

_NAMES = """organisation_id, kind, currency, status, date, due_date,
    documents, total, amount_due, amount_paid, amount_credited, refunded"""
# What a document counts as. Of open invoices the due date belongs to it, so that ages add up too.
_CELL = """organisation_id, kind, currency, status, date,
    CASE WHEN kind = 'INVOICE' AND status = 'AUTHORISED' AND amount_due > 0 THEN due_date END
        AS due_date"""
_SUMS = """sum(documents), sum(total), sum(amount_due), sum(amount_paid), sum(amount_credited),
    sum(refunded)"""
_CHANGED = """sum(documents) <> 0 OR sum(total) <> 0 OR sum(amount_due) <> 0
    OR sum(amount_paid) <> 0 OR sum(amount_credited) <> 0 OR sum(refunded) <> 0"""


def _rows(table: str, sign: int, refunded: str) -> str:
    return f"""SELECT {_CELL}, {sign} AS documents, {sign} * total AS total,
        {sign} * amount_due AS amount_due, {sign} * amount_paid AS amount_paid,
        {sign} * amount_credited AS amount_credited, {sign} * {refunded} AS refunded
        FROM {table} AS document"""


def _note(rows: str) -> str:
    return f"""INSERT INTO invoices_documentsumchange ({_NAMES})
        SELECT organisation_id, kind, currency, status, date, due_date, {_SUMS}
        FROM ({rows}) AS change
        GROUP BY organisation_id, kind, currency, status, date, due_date HAVING {_CHANGED}"""


# A new document has no payments yet: they refer to it. One that moves takes its refunds along.
_REFUNDED = """CASE WHEN kind = 'INVOICE' THEN 0 ELSE coalesce((
        SELECT sum(payment.amount) FROM invoices_payment AS payment
        WHERE payment.document_id = document.id), 0) END"""


def _payments(table: str, sign: int) -> str:
    return f"""SELECT document.organisation_id, document.kind, document.currency, document.status,
        document.date, NULL::date AS due_date, 0 AS documents, 0::numeric AS total, 0::numeric AS amount_due, 0::numeric AS amount_paid,
        0::numeric AS amount_credited, {sign} * payment.amount AS refunded
        FROM {table} AS payment JOIN invoices_document AS document
          ON document.id = payment.document_id AND document.kind <> 'INVOICE'"""


def _trigger(table: str, event: str, referencing: str, rows: str) -> str:
    name = f"{table}_summed_on_{event.lower()}"
    return f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {_note(rows)};
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {referencing}
        FOR EACH STATEMENT EXECUTE FUNCTION {name}();
    """


_OLD, _NEW = "OLD TABLE AS gone", "NEW TABLE AS come"
_ON_DOCUMENTS, _ON_PAYMENTS = "invoices_document", "invoices_payment"
_BOTH = f"{_rows('gone', -1, _REFUNDED)} UNION ALL {_rows('come', 1, _REFUNDED)}"
_BOTH_PAYMENTS = f"{_payments('gone', -1)} UNION ALL {_payments('come', 1)}"
_TRIGGERS = (
    (_ON_DOCUMENTS, "INSERT", _NEW, _rows("come", 1, "0::numeric")),
    (_ON_DOCUMENTS, "UPDATE", f"{_OLD} {_NEW}", _BOTH),
    (_ON_DOCUMENTS, "DELETE", _OLD, _rows("gone", -1, _REFUNDED)),
    (_ON_PAYMENTS, "INSERT", _NEW, _payments("come", 1)),
    (_ON_PAYMENTS, "UPDATE", f"{_OLD} {_NEW}", _BOTH_PAYMENTS),
    (_ON_PAYMENTS, "DELETE", _OLD, _payments("gone", -1)),
)
_REFUNDS = """(SELECT document_id, sum(amount) AS refunded FROM invoices_payment
    GROUP BY document_id) AS payments ON payments.document_id = document.id
    AND document.kind <> 'INVOICE'"""
_FILL = f"""
    INSERT INTO invoices_documentsum (grain, {_NAMES})
    SELECT grain, organisation_id, kind, currency, status,
           CASE grain WHEN 'M' THEN date_trunc('month', date)::date ELSE date END, due_date,
           {_SUMS}
    FROM ({_rows("invoices_document", 1, "coalesce(refunded, 0)")} LEFT JOIN {_REFUNDS}) AS cell
    CROSS JOIN (VALUES ('D'), ('M')) AS grains (grain)
    WHERE grain = 'M' OR date IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0010_document_sums"),
    ]

    operations = [
        *(
            migrations.RunSQL(
                _trigger(table, event, referencing, rows),
                f"DROP FUNCTION {table}_summed_on_{event.lower()}() CASCADE",
            )
            for table, event, referencing, rows in _TRIGGERS
        ),
        migrations.RunSQL(_FILL, "DELETE FROM invoices_documentsum"),
    ]
