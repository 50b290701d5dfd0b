"""A trigger by which nothing in the trail of a portal is changed or deleted, whoever tries.

Of a line only the reference to a person may be emptied, which happens when an account is deleted;
the name as it was then stays. Who deletes a whole portal says so for the session with
`SET lrm.trail_may_go = 'on'`. Other apps hang the same function on their trails.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION lrm_keep_trail() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    people CONSTANT text[] := ARRAY['by_id', 'about_id', 'actor_id'];
    person text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('lrm.trail_may_go', true) = 'on' THEN
            RETURN OLD;
        END IF;
    ELSIF to_jsonb(NEW) - people = to_jsonb(OLD) - people THEN
        FOREACH person IN ARRAY people LOOP
            IF to_jsonb(NEW) ->> person IS NOT NULL
               AND to_jsonb(NEW) ->> person IS DISTINCT FROM to_jsonb(OLD) ->> person THEN
                RAISE EXCEPTION 'lines of % are never changed', TG_TABLE_NAME;
            END IF;
        END LOOP;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'lines of % are never changed', TG_TABLE_NAME;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('lrm', '0013_portal_acts'),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION lrm_keep_trail()"),
        migrations.RunSQL(
            "CREATE TRIGGER keep_trail BEFORE UPDATE OR DELETE ON lrm_portalchange"
            " FOR EACH ROW EXECUTE FUNCTION lrm_keep_trail()",
            "DROP TRIGGER keep_trail ON lrm_portalchange",
        ),
    ]
