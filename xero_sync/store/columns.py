"""The columns that a page of Xero's fills, in the order in which their values are written.

`mapping` gives values in this order, and PostgreSQL types name what COPY takes.
"""

DOCUMENTS = {
    "kind": "varchar",
    "xero_id": "uuid",
    "number": "varchar",
    "reference": "varchar",
    "status": "varchar",
    "contact_xero_id": "uuid",
    "contact_name": "varchar",
    "date": "date",
    "due_date": "date",
    "fully_paid_on": "date",
    "currency": "varchar",
    "currency_rate": "numeric",
    "sub_total": "numeric",
    "total_tax": "numeric",
    "total": "numeric",
    "amount_due": "numeric",
    "amount_paid": "numeric",
    "amount_credited": "numeric",
    "updated_at": "timestamptz",
    "digest": "bytea",
    "raw": "jsonb",
}
CONTACTS = {
    "xero_id": "uuid",
    "name": "varchar",
    "contact_number": "varchar",
    "email": "varchar",
    "status": "varchar",
    "merged_to_xero_id": "uuid",
    "updated_at": "timestamptz",
    "digest": "bytea",
    "raw": "jsonb",
}
# Children go straight to their tables, once the ids of their documents are known.
CHILDREN: dict[str, tuple[str, tuple[str, ...]]] = {
    "lines": (
        "invoices_lineitem",
        (
            "document_id",
            "position",
            "xero_id",
            "description",
            "quantity",
            "unit_amount",
            "tax_amount",
            "line_amount",
            "account_code",
            "tax_type",
        ),
    ),
    "payments": ("invoices_payment", ("document_id", "xero_id", "date", "amount", "reference")),
    "allocations": (
        "invoices_allocation",
        ("document_id", "xero_id", "invoice_xero_id", "invoice_number", "date", "amount"),
    ),
}
