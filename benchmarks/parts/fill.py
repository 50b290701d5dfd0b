"""`fill DOCUMENTS LEARNERS`: a connected portal with so many documents and learners, by plain SQL.

No call is made. Documents spread over three years, in two currencies, a tenth of them credits with
a refund or an allocation; each learner has a contact and is linked to it.
"""

import json
import os
import sys
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
django.setup()

from django.db import connection  # noqa: E402 - Django comes first
from django.utils import timezone  # noqa: E402 - Django comes first

from connected_apps.models import Connection, Organisation, State  # noqa: E402 - Django comes first
from lrm.models import LrmRole, Portal, User  # noqa: E402 - Django comes first
from reports import sum_upkeep  # noqa: E402 - Django comes first

_LEARNERS = """
    INSERT INTO lrm_learner (portal_id, number, given_name, family_name, email, phone, mobile,
        address_line, city, region, postal_code, country, sync_to_xero, created_at, updated_at)
    SELECT %(portal)s, 'L' || lpad(n::text, 7, '0'), 'Robin', 'Made-Up ' || n,
           'learner' || n || '@example.com', '', '', '', '', '', '', 'Australia', FALSE,
           now(), now()
    FROM generate_series(1, %(learners)s) AS n;
    INSERT INTO invoices_contact (organisation_id, xero_id, name, contact_number, email, status,
        updated_at, read_at, digest, raw, first_synced_at, synced_at)
    SELECT %(organisation)s, md5('contact' || n)::uuid, 'Robin Made-Up ' || n,
           'L' || lpad(n::text, 7, '0'), '', 'ACTIVE', now(), now(), decode(md5('x'), 'hex'), '{}',
           now(), now()
    FROM generate_series(1, %(learners)s) AS n;
    INSERT INTO invoices_contactlink (learner_id, organisation_id, contact_xero_id, source,
        evidence, created_at)
    SELECT id, %(organisation)s, md5('contact' || ltrim(number, 'L0'))::uuid, 'NUMBER', 'NAME',
           now()
    FROM lrm_learner WHERE portal_id = %(portal)s;
"""
_DOCUMENTS = """
    INSERT INTO invoices_document (organisation_id, kind, xero_id, number, reference, status,
        contact_xero_id, contact_name, date, due_date, currency, currency_rate, sub_total,
        total_tax, total, amount_due, amount_paid, amount_credited, updated_at, read_at, digest,
        raw, online_url, first_synced_at, synced_at)
    SELECT %(organisation)s, CASE WHEN n %% 10 = 0 THEN 'CREDIT_NOTE' ELSE 'INVOICE' END,
           md5('document' || n)::uuid, 'INV-' || lpad(n::text, 7, '0'), '',
           CASE WHEN n %% 50 = 7 THEN 'VOIDED' WHEN n %% 8 < 2 THEN 'AUTHORISED' ELSE 'PAID' END,
           md5('contact' || (1 + n %% %(learners)s))::uuid, 'Robin Made-Up',
           day, day + 14,
           CASE WHEN n %% 20 = 3 THEN 'NZD' ELSE 'AUD' END, 1, 100, 10, 110,
           CASE WHEN n %% 50 <> 7 AND n %% 8 < 2 THEN 50 ELSE 0 END,
           CASE WHEN n %% 10 = 0 OR n %% 50 = 7 THEN 0 WHEN n %% 8 < 2 THEN 60 ELSE 110 END, 0,
           now(), now(), decode(md5('x'), 'hex'),
           jsonb_build_object('InvoiceNumber', n, 'Filler', repeat(md5(n::text), 12)), '',
           now(), now()
    FROM generate_series(%(first)s, %(last)s) AS n,
         LATERAL (SELECT current_date - (n::bigint * 7919 %% 1095)::int AS day) AS dated;
"""
_CREDITS = """
    INSERT INTO invoices_payment (document_id, xero_id, date, amount, reference)
    SELECT id, gen_random_uuid(), date, 20, '' FROM invoices_document
    WHERE organisation_id = %(organisation)s AND kind = 'CREDIT_NOTE' AND id %% 3 = 0;
    INSERT INTO invoices_allocation (document_id, invoice_xero_id, invoice_number, date, amount)
    SELECT id, md5('document' || (id %% 1000))::uuid, 'INV-1', date, 30 FROM invoices_document
    WHERE organisation_id = %(organisation)s AND kind = 'CREDIT_NOTE' AND id %% 3 = 1;
"""
_AT_A_TIME = 20_000


def main(documents: int, learners: int) -> None:
    """Fill the database, and print the portal's name in addresses."""
    now = timezone.now()
    portal = Portal.objects.create(name="Made-Up College", slug="p6")
    organisation = Organisation.objects.create(
        portal=portal,
        tenant_id=uuid.uuid4(),
        name="Made-Up College Pty Ltd",
        time_zone="Australia/Sydney",
        base_currency="AUD",
    )
    Connection.objects.create(
        portal=portal, state=State.CONNECTED, state_since=now, organisation=organisation
    )
    User.objects.create_user(
        "p6", portal=portal, is_portal_admin=True, is_accounts=True, lrm_role=LrmRole.ADMIN
    )
    given = {"portal": portal.pk, "organisation": organisation.pk, "learners": learners}
    with connection.cursor() as cursor:
        cursor.execute(_LEARNERS, given)
        for first in range(1, documents + 1, _AT_A_TIME):
            last = min(first + _AT_A_TIME - 1, documents)
            cursor.execute(_DOCUMENTS, {**given, "first": first, "last": last})
        cursor.execute(_CREDITS, given)
    while sum_upkeep.add_up_all():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"portal": portal.slug, "documents": documents}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
