import django.db.models.deletion
from django.db import migrations, models

RESOURCES = [
    ("CONTACT", "Contacts"),
    ("INVOICE", "Invoices"),
    ("CREDIT_NOTE", "Credit notes"),
    ("OVERPAYMENT", "Overpayments"),
    ("PREPAYMENT", "Prepayments"),
]
# Steps of one kind in several windows share a closing sweep. Where they had come differently far
# it begins where the last of them did, as the code before this migration would have done.
COPY = """
    INSERT INTO xero_sync_catchup (run_id, resource, modified_since, next_page, started_at)
    SELECT run_id, resource, min(closing_since),
           CASE WHEN bool_and(is_together) THEN min(closing_page) ELSE 1 END,
           CASE WHEN bool_and(is_together) THEN min(closing_started_at) END
      FROM (
        SELECT run_id, resource, closing_since, closing_page, closing_started_at,
               (closing_since, closing_page, closing_started_at) IS NOT DISTINCT FROM (
                   first_value(closing_since) OVER same,
                   first_value(closing_page) OVER same,
                   first_value(closing_started_at) OVER same
               ) AS is_together
          FROM xero_sync_syncstep
         WHERE our_count IS NULL
        WINDOW same AS (PARTITION BY run_id, resource ORDER BY id)
      ) AS unverified
     GROUP BY run_id, resource
    HAVING min(closing_since) IS NOT NULL
"""


class Migration(migrations.Migration):
    """Give the closing sweep's checkpoint a row of its own.

    The columns closing_since, closing_page and closing_started_at of xero_sync_syncstep stay in
    the database, with a default where they need one, so that a release may run beside the one
    before it. What is under way is copied. A worker of the earlier release goes on with what the
    columns say, which is older: it lists more than it has to, and misses nothing.

    The release after the one that brings this migration may drop the three columns: by then no
    process reads or writes them.
    """

    dependencies = [("xero_sync", "0007_standard_terms")]

    operations = [
        migrations.CreateModel(
            name="CatchUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("resource", models.CharField(choices=RESOURCES, max_length=12)),
                ("modified_since", models.DateTimeField()),
                ("next_page", models.PositiveIntegerField(db_default=1, default=1)),
                ("started_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="catch_ups",
                        to="xero_sync.syncrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "resource"), name="catch_up_once")
                ]
            },
        ),
        migrations.AlterField(
            model_name="syncstep",
            name="closing_page",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("syncstep", "closing_since"),
                migrations.RemoveField("syncstep", "closing_page"),
                migrations.RemoveField("syncstep", "closing_started_at"),
            ],
        ),
    ]
