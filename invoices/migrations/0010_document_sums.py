"""What documents add up to, day by day and month by month; kept by the triggers of the next."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connected_apps', '0001_initial'),
        ('invoices', '0009_numbers_of_links_filled'),
    ]

    operations = [
        migrations.CreateModel(
            name='DocumentSumCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_at', models.DateTimeField()),
                ('mended_count', models.PositiveIntegerField(db_default=0, default=0)),
                ('organisation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='document_sum_check', to='connected_apps.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='DocumentSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('status', models.CharField(max_length=30)),
                ('date', models.DateField(null=True)),
                ('due_date', models.DateField(null=True)),
                ('documents', models.BigIntegerField(db_default=0, default=0)),
                ('total', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_due', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_paid', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_credited', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('refunded', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('grain', models.CharField(choices=[('D', 'A day'), ('M', 'A month')], max_length=1)),
                ('organisation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connected_apps.organisation')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('documents', 0)), fields=['id'], name='document_sum_of_none')],
                'constraints': [models.UniqueConstraint(fields=('organisation', 'grain', 'date', 'kind', 'currency', 'status', 'due_date'), name='document_sum_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='DocumentSumChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('status', models.CharField(max_length=30)),
                ('date', models.DateField(null=True)),
                ('due_date', models.DateField(null=True)),
                ('documents', models.BigIntegerField(db_default=0, default=0)),
                ('total', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_due', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_paid', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('amount_credited', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('refunded', models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=30)),
                ('organisation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connected_apps.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['organisation'], name='document_sum_change_of')],
            },
        ),
    ]
