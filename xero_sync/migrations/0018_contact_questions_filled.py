from django.db import migrations

# Equal numbers that no link, no person and no contact of somebody else's settles. It need not be
# exact: a page asks the rule of identity about each of them before it shows one.
FILL = """
    INSERT INTO xero_sync_contactquestion
           (organisation_id, learner_id, contact_xero_id, why, asked_at)
    SELECT contact.organisation_id, learner.id, contact.xero_id,
           CASE WHEN learner.email <> '' AND lower(learner.email) = lower(contact.email)
                THEN 'SHARED' ELSE 'NUMBER' END,
           now()
      FROM invoices_contact contact
      JOIN connected_apps_organisation organisation ON organisation.id = contact.organisation_id
      JOIN lrm_learner learner
        ON learner.portal_id = organisation.portal_id AND learner.number = contact.contact_number
     WHERE contact.contact_number <> '' AND contact.status = 'ACTIVE'
       AND NOT EXISTS (
           SELECT FROM invoices_contactlink link
            WHERE link.organisation_id = contact.organisation_id
              AND link.contact_xero_id = contact.xero_id
              AND (link.learner_id = learner.id OR link.source = 'PUSHED'))
       AND NOT EXISTS (
           SELECT FROM invoices_contactdecision decision
            WHERE decision.organisation_id = contact.organisation_id
              AND decision.contact_xero_id = contact.xero_id
              AND decision.learner_id = learner.id)
        ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """What is asked already becomes rows. Running it twice changes nothing."""

    dependencies = [
        ("invoices", "0003_end_links_by_number_alone"),
        ("xero_sync", "0017_contact_questions"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
