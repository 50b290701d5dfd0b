import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lrm', '0011_learner_accounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasedLearner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number_key', models.CharField(max_length=64)),
                ('erased_at', models.DateTimeField()),
                ('portal', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lrm.portal')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('portal', 'number_key'), name='erased_learner_once')],
            },
        ),
    ]
