"""Documents that come to another contact, noted by a trigger: it misses nobody who writes."""

import django.db.models.deletion
from django.db import migrations, models

_TRIGGER = """
CREATE FUNCTION invoices_document_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invoices_documentmove
           (document_id, organisation_id, from_xero_id, to_xero_id, read_at)
    VALUES (NEW.id, NEW.organisation_id, OLD.contact_xero_id, NEW.contact_xero_id, NEW.read_at);
    RETURN NULL;
END $$;
CREATE TRIGGER invoices_document_moved AFTER UPDATE OF contact_xero_id ON invoices_document
FOR EACH ROW WHEN (OLD.contact_xero_id IS NOT NULL
                   AND OLD.contact_xero_id IS DISTINCT FROM NEW.contact_xero_id)
EXECUTE FUNCTION invoices_document_moved();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("connected_apps", "0001_initial"),
        ("invoices", "0013_private_details_of_suppliers"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_xero_id", models.UUIDField()),
                ("to_xero_id", models.UUIDField(null=True)),
                ("read_at", models.DateTimeField()),
                ("is_merge", models.BooleanField(null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="moves",
                        to="invoices.document",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="connected_apps.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organisation", "from_xero_id"], name="document_move_from"
                    ),
                    models.Index(
                        condition=models.Q(("is_merge__isnull", True)),
                        fields=["organisation"],
                        name="document_move_to_settle",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            _TRIGGER,
            "DROP TRIGGER invoices_document_moved ON invoices_document;"
            " DROP FUNCTION invoices_document_moved()",
        ),
    ]
