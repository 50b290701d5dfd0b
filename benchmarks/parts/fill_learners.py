"""`fill_learners LEARNERS`: as `fill`, with a document a learner, for what report #0443 tells.

Learners were added over ten years, nine tenths with *Sync to Xero* and a contact in Xero. Nine
tenths have an approved invoice; the others have credits only, one that was voided, one to somebody
else, or nothing, and of some a question waits or Xero has refused them.
"""

import json
import sys

from benchmarks.parts import fill  # isort: skip - it sets Django up

from django.db import connection

_ADDED = """
    UPDATE lrm_learner SET sync_to_xero = id %% 10 <> 4,
        created_at = now() - interval '10 years' * (ltrim(number, 'L')::int / %(learners)s.0);
    DELETE FROM invoices_contactlink WHERE learner_id %% 25 = 3;
    INSERT INTO xero_sync_contactpush (learner_id, state, version, sent_version, idempotency_key,
        requested_at, problem, candidate_why, attempts)
    SELECT id, CASE WHEN id %% 100 = 3 THEN 'PARKED' WHEN id %% 100 = 28 THEN 'QUESTION'
           ELSE 'DONE' END, 1, 1, '', created_at, '', '', 0
    FROM lrm_learner WHERE sync_to_xero;
    INSERT INTO invoices_coverdecision (learner_id, organisation_id, kind, document_xero_id,
        is_covered, found_in, by_name, at)
    SELECT learner.id, document.organisation_id, 'INVOICE', document.xero_id, TRUE, '', '', now()
    FROM lrm_learner AS learner
    JOIN invoices_document AS document
      ON document.xero_id = md5('document' || ltrim(learner.number, 'L0'))::uuid
     AND document.kind = 'INVOICE' AND document.status IN ('AUTHORISED', 'PAID')
    WHERE learner.id %% 25 = 3;
    INSERT INTO lrm_learnerchange (learner_id, at, created, fields)
    SELECT id, created_at, TRUE, '[]'::jsonb FROM lrm_learner UNION ALL
    SELECT id, now(), FALSE, '["email"]' FROM lrm_learner UNION ALL
    SELECT id, now() - (now() - created_at) / 2, FALSE, '["sync_to_xero"]'
    FROM lrm_learner WHERE id %% 10 = 5;
"""


def main(learners: int) -> None:
    """Fill the database."""
    fill.main(learners, learners)
    with connection.cursor() as cursor:
        cursor.execute(_ADDED, {"learners": learners})
        cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"learners": learners}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
