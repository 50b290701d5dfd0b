"""Store the words of each learner beside it, for the search."""

from django.db import migrations

from lrm.roster import search


class Migration(migrations.Migration):
    dependencies = [("lrm", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=[
                # An index over the same words, computed for every row, was too slow to search by.
                "DROP INDEX IF EXISTS learner_words",
                "ALTER TABLE lrm_learner ADD COLUMN words tsvector"
                f" GENERATED ALWAYS AS ({search.WORDS_SQL}) STORED",
                "CREATE INDEX learner_words ON lrm_learner USING gin (words)",
            ],
            reverse_sql=[
                "DROP INDEX learner_words",
                "ALTER TABLE lrm_learner DROP COLUMN words",
            ],
        )
    ]
