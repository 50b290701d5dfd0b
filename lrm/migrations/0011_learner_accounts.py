import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lrm', '0010_api_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='portal',
            name='learners_see_documents',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name='LearnerAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=50)),
                ('invited_at', models.DateTimeField()),
                ('learner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='account', to='lrm.learner')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='learner_account', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AlterField(
            model_name='portalchange',
            name='act',
            field=models.CharField(choices=[('INVITED', 'Invited'), ('RIGHTS', 'Rights changed'), ('SWITCHED_OFF', 'Switched off'), ('SWITCHED_ON', 'Switched on again'), ('PASSWORD_LINK', 'New password link sent'), ('PASSWORD', 'Password changed'), ('NAME', 'Name changed'), ('EMAIL', 'E-mail address changed'), ('SESSIONS', 'Signed out everywhere else'), ('PORTAL', 'Portal details changed'), ('LEARNER_INVITED', "Link sent for a learner's own documents"), ('LEARNER_ENDED', "A learner's access to their documents ended"), ('LEARNER_EXPORTED', 'Everything held on a learner exported'), ('LEARNER_ERASED', 'A learner erased')], max_length=16),
        ),
    ]
