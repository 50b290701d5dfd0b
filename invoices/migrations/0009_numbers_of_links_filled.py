from django.db import migrations

# By number were linked only those whose numbers agree.
FILL = """
    UPDATE invoices_contactlink link SET number = learner.number
      FROM lrm_learner learner
     WHERE learner.id = link.learner_id AND link.source = 'NUMBER' AND link.number = ''
"""


class Migration(migrations.Migration):
    dependencies = [("invoices", "0008_numbers_of_links")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
