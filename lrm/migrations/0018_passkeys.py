"""Passkeys: keys of a second factor beside the app, whose secret may wait beside one that counts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lrm", "0017_newest_learners"),
    ]

    operations = [
        migrations.AddField(
            model_name="secondfactor",
            name="waiting_encrypted",
            field=models.BinaryField(null=True),
        ),
        migrations.AlterField(
            model_name="portalchange",
            name="act",
            field=models.CharField(
                choices=[
                    ("INVITED", "Invited"),
                    ("RIGHTS", "Rights changed"),
                    ("SWITCHED_OFF", "Switched off"),
                    ("SWITCHED_ON", "Switched on again"),
                    ("PASSWORD_LINK", "New password link sent"),
                    ("PASSWORD", "Password changed"),
                    ("NAME", "Name changed"),
                    ("EMAIL", "E-mail address changed"),
                    ("SESSIONS", "Signed out everywhere else"),
                    ("FACTOR_ON", "Second factor set up"),
                    ("FACTOR_OFF", "Second factor switched off"),
                    ("FACTOR_CODES", "New recovery codes made"),
                    ("FACTOR_RESET", "Second factor reset"),
                    ("PASSKEY_ADDED", "Passkey added"),
                    ("PASSKEY_REMOVED", "Passkey removed"),
                    ("APP_ADDED", "Authenticator app added"),
                    ("APP_REMOVED", "Authenticator app taken away"),
                    ("PORTAL", "Portal details changed"),
                    ("TOKEN_MADE", "API token made"),
                    ("TOKEN_ENDED", "API token ended"),
                    ("HOOK_MADE", "Webhook endpoint made"),
                    ("HOOK_ON", "Webhook endpoint switched on"),
                    ("HOOK_OFF", "Webhook endpoint switched off"),
                    ("HOOK_SECRET", "New secret for a webhook endpoint"),
                    ("HOOK_TYPES", "Types of message chosen for a webhook endpoint"),
                    ("HOOK_DELETED", "Webhook endpoint deleted"),
                    ("HOOK_TESTED", "Test sent to a webhook endpoint"),
                    ("HOOK_AGAIN", "Webhook message sent again"),
                    ("LEARNER_INVITED", "Link sent for a learner's own documents"),
                    ("LEARNER_ENDED", "A learner's access to their documents ended"),
                    ("LEARNER_EXPORTED", "Everything held on a learner exported"),
                    ("LEARNER_ERASED", "A learner erased"),
                ],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("credential_id", models.BinaryField(unique=True)),
                ("public_key", models.BinaryField()),
                ("transports", models.JSONField(default=list)),
                ("sign_count", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("answered", models.CharField(blank=True, default="", max_length=64)),
                (
                    "factor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to="lrm.secondfactor",
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "id"],
            },
        ),
    ]
