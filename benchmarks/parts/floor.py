"""`floor TENANT_ORGANISATION_ID`: the least that storing these rows can cost in Python.

Pages are fetched beforehand and lie in memory, so HTTP is not in the time. What is: parsing, one
COPY into a temporary table a page, one upsert where newer, COPY of lines, payments and
allocations, one commit a page. The tables, with their indexes and foreign keys, are the product's,
and so is every value in them: amounts as exact as Xero sent them, in the raw JSON too, and the
digest of it. P1 compares the rows of the two.

Left out, to be a floor: any look at the values (types, lengths, ids, dates; a tab in a text would
break it), set-aside documents, checkpoints, leases, generations, tokens, the limiter, the closing
sweep and the verification. Written for this one purpose; it shares no code with the product.
"""

import hashlib
import io
import json
import os
import sys
import time
from decimal import Decimal
from typing import Any

import msgspec
import psycopg2
import requests
from django.conf import settings

from benchmarks.parts import product

_NULL = "\x01"
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_KINDS = (
    ("Invoices", "INVOICE", "InvoiceID", "InvoiceNumber", "ACCREC", "AmountDue"),
    ("CreditNotes", "CREDIT_NOTE", "CreditNoteID", "CreditNoteNumber", "ACCRECCREDIT", ""),
    ("Overpayments", "OVERPAYMENT", "OverpaymentID", "", "RECEIVE-OVERPAYMENT", ""),
    ("Prepayments", "PREPAYMENT", "PrepaymentID", "InvoiceNumber", "RECEIVE-PREPAYMENT", ""),
)
_COLUMNS = (
    "kind, xero_id, number, reference, status, contact_xero_id, contact_name, date, due_date, "
    "fully_paid_on, currency, currency_rate, sub_total, total_tax, total, amount_due, "
    "amount_paid, amount_credited, updated_at, digest, raw"
)
_TYPES = (
    "kind varchar, xero_id uuid, number varchar, reference varchar, status varchar, "
    "contact_xero_id uuid, contact_name varchar, date date, due_date date, fully_paid_on date, "
    "currency varchar, currency_rate numeric, sub_total numeric, total_tax numeric, "
    "total numeric, amount_due numeric, amount_paid numeric, amount_credited numeric, "
    "updated_at timestamptz, digest bytea, raw jsonb"
)
_CHANGES = ", ".join(
    f"{name} = EXCLUDED.{name}" for name in _COLUMNS.split(", ") if name not in ("kind", "xero_id")
)
_UPSERT = f"""
    INSERT INTO invoices_document AS old
           (organisation_id, {_COLUMNS}, read_at, first_synced_at, synced_at, online_url)
    SELECT %s, {_COLUMNS}, now(), now(), now(), '' FROM floor_incoming
    ON CONFLICT (organisation_id, kind, xero_id) DO UPDATE SET {_CHANGES}
     WHERE old.updated_at < EXCLUDED.updated_at
    RETURNING xero_id::text, id
"""  # noqa: S608 - constant text
_CHILDREN = (
    (
        "invoices_lineitem",
        "document_id, position, xero_id, description, quantity, unit_amount, tax_amount, "
        "line_amount, account_code, tax_type",
    ),
    ("invoices_payment", "document_id, xero_id, date, amount, reference"),
    (
        "invoices_allocation",
        "document_id, xero_id, invoice_xero_id, invoice_number, date, amount",
    ),
)


def fetch(tenant: str, *, page_size: int = 1000) -> list[tuple[int, bytes]]:
    """Return every page of sales documents as (place of its kind, body)."""
    token = product.consent([tenant])["access_token"]
    headers = {"Authorization": f"Bearer {token}", "xero-tenant-id": tenant}
    pages = []
    with requests.Session() as session:
        for place, (collection, _, _, _, document_type, _) in enumerate(_KINDS):
            number, count = 1, 1
            while number <= count:
                answer = session.get(
                    f"{settings.XERO_API_URL}/api.xro/2.0/{collection}",
                    params={
                        "page": str(number),
                        "pageSize": str(page_size),
                        "unitdp": "4",
                        "where": f'Type=="{document_type}"',
                        "order": f"{_KINDS[place][2]} ASC",
                    },
                    headers={**headers, "Accept": "application/json"},
                    timeout=60,
                )
                answer.raise_for_status()
                count = int(_decode(answer.content)["pagination"]["pageCount"])
                pages.append((place, answer.content))
                number += 1
    return pages


def _day(milliseconds: str) -> str:
    """Return the day of `/Date(1551916800000+0000)/`."""
    seconds = int(milliseconds[6 : milliseconds.index("+")]) / 1000
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _instant(milliseconds: str) -> str:
    """Return the instant of `/Date(1551916800123+0000)/`."""
    seconds, rest = divmod(int(milliseconds[6 : milliseconds.index("+")]), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03}Z"


def _line(values: tuple[Any, ...]) -> str:
    return "\t".join(map(str, values)).replace("\\", "\\\\").replace("\n", "\\n") + "\n"


def _document(place: int, one: dict[str, Any]) -> str:
    _, kind, id_key, number_key, _, due_key = _KINDS[place]
    contact = one["Contact"]
    paid_on = one.get("FullyPaidOnDate")
    raw = _encode(one)
    return _line(
        (
            kind,
            one[id_key],
            one.get(number_key, ""),
            one.get("Reference", ""),
            one["Status"],
            contact["ContactID"],
            contact["Name"],
            one["DateString"][:10],
            one["DueDateString"][:10] if "DueDateString" in one else _NULL,
            _day(paid_on) if paid_on else _NULL,
            one["CurrencyCode"],
            one["CurrencyRate"],
            one["SubTotal"],
            one["TotalTax"],
            one["Total"],
            one[due_key or "RemainingCredit"],
            one.get("AmountPaid", 0),
            one.get("AmountCredited", 0),
            _instant(one["UpdatedDateUTC"]),
            "\\x" + hashlib.blake2b(raw, digest_size=16).hexdigest(),
            raw.decode(),
        )
    )


def _lines(our_id: int, one: dict[str, Any]) -> str:
    return "".join(
        _line(
            (
                our_id,
                position,
                line["LineItemID"],
                line["Description"],
                line["Quantity"],
                line["UnitAmount"],
                line["TaxAmount"],
                line["LineAmount"],
                line["AccountCode"],
                line["TaxType"],
            )
        )
        for position, line in enumerate(one["LineItems"])
    )


def _payments(our_id: int, one: dict[str, Any]) -> str:
    return "".join(
        _line((our_id, paid["PaymentID"], _day(paid["Date"]), paid["Amount"], paid["Reference"]))
        for paid in one["Payments"]
    )


def _allocations(our_id: int, one: dict[str, Any]) -> str:
    return "".join(
        _line(
            (
                our_id,
                each["AllocationID"],
                each["Invoice"]["InvoiceID"],
                each["Invoice"]["InvoiceNumber"],
                _day(each["Date"]),
                each["Amount"],
            )
        )
        for each in one.get("Allocations", ())
    )


def _copy(cursor: Any, table: str, columns: str, text: str) -> None:
    if text:
        cursor.copy_expert(
            f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT text, NULL '{_NULL}')",
            io.StringIO(text),
        )


def store(cursor: Any, organisation_id: int, place: int, body: bytes) -> int:
    """Store a page and return how many documents it held."""
    collection, id_key = _KINDS[place][0], _KINDS[place][2]
    documents = _decode(body)[collection]
    _copy(cursor, "floor_incoming", _COLUMNS, "".join(_document(place, d) for d in documents))
    cursor.execute(_UPSERT, [organisation_id])
    ids = dict(cursor.fetchall())
    owned = [(ids[one[id_key]], one) for one in documents if one[id_key] in ids]
    for (table, columns), rows in zip(_CHILDREN, (_lines, _payments, _allocations), strict=True):
        _copy(cursor, table, columns, "".join(rows(our_id, one) for our_id, one in owned))
    return len(documents)


def main(tenant: str, organisation_id: int) -> None:
    """Measure the storing of pages that lie in memory."""
    pages = fetch(tenant)
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE floor_incoming ({_TYPES}) ON COMMIT DELETE ROWS")
    connection.commit()
    count, began = 0, time.perf_counter()
    for place, body in pages:
        with connection.cursor() as cursor:
            count += store(cursor, organisation_id, place, body)
        connection.commit()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "documents": count}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
